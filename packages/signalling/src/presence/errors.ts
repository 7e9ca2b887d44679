import { ParleyError } from '@parley/core'

/** Thrown when a presence statement does not count: not of a device of the person, of somebody not asked for, or out of order. */
export class UntrustedPresenceError extends ParleyError {
  override readonly name = 'UntrustedPresenceError'
  readonly device: string

  constructor (device: string, reason: string) {
    super(`What was said of the presence of ${device} does not count: ${reason}`)
    this.device = device
  }
}

/** Thrown when a peer sends more presence than it may; its stream is ended. */
export class PresenceFloodError extends ParleyError {
  override readonly name = 'PresenceFloodError'
  readonly peer: string

  constructor (peer: string, what: string) {
    super(`${peer} sent more ${what} than it may`)
    this.peer = peer
  }
}

/** Thrown when a board has as many watchers, or watched persons, as it takes. */
export class CrowdedBoardError extends ParleyError {
  override readonly name = 'CrowdedBoardError'
  readonly limit: number

  constructor (what: string, limit: number) {
    super(`This board takes ${limit} ${what}`)
    this.limit = limit
  }
}
