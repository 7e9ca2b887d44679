import { ParleyError } from '@parley/core'

/** Thrown within a delivery when a peer took a conversation and refused some of its actions. */
export class ActionsRefusedError extends ParleyError {
  override readonly name = 'ActionsRefusedError'
  readonly refused: number

  constructor (refused: number) {
    super(`The peer did not take ${refused} of the actions`)
    this.refused = refused
  }
}

/** What does not get better by trying again. */
const FINAL = new Set(['NotAllowedError', 'PurgedConversationError', 'ProtocolViolationError', 'InvalidBytesError', 'OversizedBytesError', 'UnsupportedProtocolError'])

/** Tells whether what failed with this error may succeed later by itself. */
export function isRetryable (error: Error): boolean {
  return !FINAL.has(error.name)
}
