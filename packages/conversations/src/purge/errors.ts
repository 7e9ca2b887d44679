import { ParleyError, type CID } from '@parley/core'

/** Thrown when a conversation that has not expired is to be purged as one that has; `expiresAt` is null where it never will, or where that cannot be known. */
export class NotExpiredError extends ParleyError {
  override readonly name = 'NotExpiredError'
  readonly conversation: CID
  /** Wall milliseconds. */
  readonly expiresAt: number | null

  constructor (conversation: CID, expiresAt: number | null) {
    const when = expiresAt === null ? 'has no end that is known here' : `ends at ${new Date(expiresAt).toISOString()}`
    super(`The conversation ${conversation.toString()} ${when}; to remove it from this device all the same, say so with \`anyway\``)
    this.conversation = conversation
    this.expiresAt = expiresAt
  }
}

/** Thrown when a conversation is given, or made again, on a device from which it was purged; and at a peer that offers it there. */
export class PurgedConversationError extends ParleyError {
  override readonly name = 'PurgedConversationError'

  constructor (where: 'here' | 'there', options?: ErrorOptions) {
    super(where === 'here' ? 'This conversation was removed from this device for good; it comes back only after `forgetPurge`' : 'The asked device removed this conversation for good, and does not want it', options)
  }
}
