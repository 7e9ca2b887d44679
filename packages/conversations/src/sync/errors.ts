import { ParleyError } from '@parley/core'
import { PurgedConversationError } from '../purge/errors.ts'

/** Thrown when one of two peers may not give a conversation or a mailbox to the other; the message says why, in the words of whoever refused. */
export class NotAllowedError extends ParleyError {
  override readonly name = 'NotAllowedError'

  constructor (reason: string) {
    super(reason)
  }
}

/**
 * Thrown when the stream ended before both sides had everything.
 *
 * What was acknowledged until then is on the disk; the same call made again
 * goes on from there.
 */
export class SyncInterruptedError extends ParleyError {
  override readonly name = 'SyncInterruptedError'
  readonly sent: number
  readonly received: number

  constructor (peer: string, { sent, received }: { sent: number, received: number }, options?: ErrorOptions) {
    super(`The sync with ${peer} was interrupted after ${sent} blocks sent and ${received} received`, options)
    this.sent = sent
    this.received = received
  }
}

/** Thrown when a peer sends what the protocol does not allow at this point, or more than it allows. */
export class ProtocolViolationError extends ParleyError {
  override readonly name = 'ProtocolViolationError'

  constructor (protocol: string, reason: string, options?: ErrorOptions) {
    super(`The peer broke ${protocol}: ${reason}`, options)
  }
}

/** Thrown when a peer said that it holds actions and then did not send them. */
export class UnservedFrontierError extends ParleyError {
  override readonly name = 'UnservedFrontierError'
  readonly missing: number

  constructor (missing: number) {
    super(`The peer claimed to hold ${missing} actions that it did not send`)
    this.missing = missing
  }
}

/** Thrown when a peer ended the stream for a reason of its own; `remoteName` is the name it gave. */
export class PeerRefusedError extends ParleyError {
  override readonly name = 'PeerRefusedError'
  readonly remoteName: string

  constructor (remoteName: string, words: string) {
    super(`The peer ended the stream with ${remoteName}: ${words}`)
    this.remoteName = remoteName
  }
}

/** Returns the error that a peer's `refuse` frame stands for; control characters of its words are not repeated. */
export function refusalOf (frame: { error: string, message: string }): NotAllowedError | PurgedConversationError | PeerRefusedError {
  if (frame.error === 'PurgedConversationError') return new PurgedConversationError('there')
  const words = frame.message.replace(/\p{Cc}/gu, ' ')
  return frame.error === 'NotAllowedError' ? new NotAllowedError(words) : new PeerRefusedError(frame.error, words)
}
