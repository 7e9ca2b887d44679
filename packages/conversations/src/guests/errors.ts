import { ParleyError, type CID } from '@parley/core'

/** Thrown when somebody writes in a conversation that they read as a hidden participant. */
export class HiddenReaderError extends ParleyError {
  override readonly name = 'HiddenReaderError'
  readonly conversation: CID

  constructor (conversation: CID) {
    super(`You read ${conversation.toString()} without being in it; to write there, ask somebody who is in to invite you`)
    this.conversation = conversation
  }
}
