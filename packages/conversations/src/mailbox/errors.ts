import { ParleyError } from '@parley/core'

/** Thrown when a person's mailbox, or the share of one sender in it, has no room for an item. Nothing that is in it is dropped to make room. */
export class MailboxFullError extends ParleyError {
  override readonly name = 'MailboxFullError'
  readonly person: string
  /** Whose share is used up; undefined when the whole mailbox is full. */
  readonly sender: string | undefined

  constructor (person: string, { items, sizeBytes }: { items: number, sizeBytes: number }, sender?: string) {
    super(sender === undefined
      ? `The mailbox of ${person} is full: ${items} items with ${sizeBytes} bytes wait for their devices`
      : `The share of ${sender} in the mailbox of ${person} is used up`)
    this.person = person
    this.sender = sender
  }
}

/** Thrown when the link to the holder of a mailbox broke; following it again goes on where it was. */
export class MailboxInterruptedError extends ParleyError {
  override readonly name = 'MailboxInterruptedError'

  constructor (peer: string, options?: ErrorOptions) {
    super(`The link to the mailbox at ${peer} was interrupted`, options)
  }
}
