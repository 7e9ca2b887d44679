import { ParleyError, type CID } from '@parley/core'
import type { HistoryFinding } from './types.ts'

/** Thrown when a file is no CAR, ends too early, or cannot be read as one from some place on. */
export class DamagedCarError extends ParleyError {
  override readonly name = 'DamagedCarError'
  /** Bytes of the file from which on nothing could be read. */
  readonly offset: number

  constructor (reason: string, offset: number, options?: ErrorOptions) {
    super(`This is no whole CAR: ${reason} (at byte ${offset})`, options)
    this.offset = offset
  }
}

/** Thrown when a CAR holds no conversation, or several and nothing says which one is meant. */
export class NoConversationInCarError extends ParleyError {
  override readonly name = 'NoConversationInCarError'
  /** The conversations it holds. */
  readonly conversations: CID[]

  constructor (conversations: CID[]) {
    super(conversations.length === 0 ? 'There is no conversation in this CAR' : `This CAR holds ${conversations.length} conversations: ${conversations.join(', ')}; say which one is meant`)
    this.conversations = conversations
  }
}

/** Thrown when something of a CAR does not verify; nothing of it was taken in. */
export class UnsoundCarError extends ParleyError {
  override readonly name = 'UnsoundCarError'
  readonly faults: HistoryFinding[]

  constructor (faults: HistoryFinding[]) {
    super(`${faults.length === 1 ? 'A fault was' : `${faults.length} faults were`} found in this CAR and nothing of it was taken in: ${faults[0]?.message ?? ''}`)
    this.faults = faults
  }
}

/** Thrown when a conversation is imported in which nobody of this store takes part or ever did. */
export class NobodysConversationError extends ParleyError {
  override readonly name = 'NobodysConversationError'
  readonly conversation: CID

  constructor (conversation: CID) {
    super(`Nobody here takes part in ${conversation.toString()}, or ever did`)
    this.conversation = conversation
  }
}
