import { ParleyError } from '@parley/core'

/** One address that was tried, and in words why it did not work. */
export interface DialAttempt {
  address: string
  reason: string
}

/** Thrown when no address of a peer could be reached. Says what was tried and why each failed. */
export class PeerUnreachableError extends ParleyError {
  override readonly name = 'PeerUnreachableError'
  readonly peer: string
  readonly attempts: DialAttempt[]

  constructor (peer: string, attempts: DialAttempt[], options?: ErrorOptions) {
    const tried = attempts.length === 0
      ? 'no address is known'
      : attempts.map(({ address, reason }) => `${address}: ${reason}`).join('; ')
    super(`Peer ${peer} cannot be reached: ${tried}`, options)
    this.peer = peer
    this.attempts = attempts
  }
}

/** Thrown when a connected peer does not speak the protocol that was asked for. */
export class UnsupportedProtocolError extends ParleyError {
  override readonly name = 'UnsupportedProtocolError'
  readonly peer: string
  readonly protocol: string

  constructor (peer: string, protocol: string, options?: ErrorOptions) {
    super(`Peer ${peer} does not speak ${protocol}`, options)
    this.peer = peer
    this.protocol = protocol
  }
}

/** Thrown by a stream that has ended; `reason` says how, in words. */
export class StreamClosedError extends ParleyError {
  override readonly name = 'StreamClosedError'
  readonly protocol: string
  readonly reason: string

  constructor (protocol: string, reason: string, options?: ErrorOptions) {
    super(`The ${protocol} stream has ended: ${reason}`, options)
    this.protocol = protocol
    this.reason = reason
  }
}

/** Thrown to a peer that opens more streams of one protocol than it may. */
export class TooManyStreamsError extends ParleyError {
  override readonly name = 'TooManyStreamsError'
  readonly protocol: string

  constructor (protocol: string, limit: number) {
    super(`A peer may have ${limit} streams of ${protocol} open at a time`)
    this.protocol = protocol
  }
}

/** Thrown when nobody who was asked has a block. */
export class BlockNotFoundError extends ParleyError {
  override readonly name = 'BlockNotFoundError'
  readonly cid: string

  constructor (cid: string, asked: number, options?: ErrorOptions) {
    super(`Block ${cid} is not here, and none of the ${asked} peers that were asked has it`, options)
    this.cid = cid
  }
}

/** Thrown when another process has the store open: one process owns a folder. */
export class StoreLockedError extends ParleyError {
  override readonly name = 'StoreLockedError'
  readonly folder: string

  constructor (folder: string, options?: ErrorOptions) {
    super(`Another process has the store in ${folder} open`, options)
    this.folder = folder
  }
}
