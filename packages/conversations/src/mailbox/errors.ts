import { ParleyError } from '@parley/core'

/** Thrown when a person's mailbox has no room for an item. Nothing that is in it is dropped to make room. */
export class MailboxFullError extends ParleyError {
  override readonly name = 'MailboxFullError'
  readonly person: string

  constructor (person: string, { items, sizeBytes }: { items: number, sizeBytes: number }) {
    super(`The mailbox of ${person} is full: ${items} items with ${sizeBytes} bytes wait for their devices`)
    this.person = person
  }
}

/** Thrown when the link to the holder of a mailbox broke; following it again goes on where it was. */
export class MailboxInterruptedError extends ParleyError {
  override readonly name = 'MailboxInterruptedError'

  constructor (peer: string, options?: ErrorOptions) {
    super(`The link to the mailbox at ${peer} was interrupted`, options)
  }
}
