import { ParleyError, type CID } from '@parley/core'

/** Thrown when a peer answered a window with what cannot be part of it: nothing of the answer is shown. */
export class InvalidWindowError extends ParleyError {
  override readonly name = 'InvalidWindowError'

  constructor (reason: string, options?: ErrorOptions) {
    super(`The peer’s window is refused: ${reason}`, options)
  }
}

/** Thrown when a window was to end before an action that the holder does not have. */
export class UnknownActionError extends ParleyError {
  override readonly name = 'UnknownActionError'

  constructor (action: CID) {
    super(`The action ${action.toString()} is not in this log`)
  }
}
