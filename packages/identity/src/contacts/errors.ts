import { ParleyError } from '@parley/core'

/** Thrown when a contact card is older than one of the same person that is kept. */
export class OlderCardError extends ParleyError {
  override readonly name = 'OlderCardError'
  readonly person: string
  readonly issued: number
  readonly kept: number

  constructor (person: string, { issued, kept }: { issued: number, kept: number }) {
    super(`This contact card of ${person} is of ${new Date(issued).toISOString()}; a newer one, of ${new Date(kept).toISOString()}, is kept`)
    this.person = person
    this.issued = issued
    this.kept = kept
  }
}

/** Thrown when a group or an alias leads back to itself. */
export class ContactCycleError extends ParleyError {
  override readonly name = 'ContactCycleError'
  /** The names on the way round, the first one again at the end. */
  readonly path: string[]

  constructor (path: string[]) {
    super(`These contacts contain each other: ${path.map(name => JSON.stringify(name)).join(', ')}`)
    this.path = path
  }
}

/** Thrown when a contact is to be followed to a new key and their device list names none. */
export class NoSuccessorError extends ParleyError {
  override readonly name = 'NoSuccessorError'
  readonly person: string

  constructor (person: string) {
    super(`The device list of ${person} names no successor`)
    this.person = person
  }
}

/** Thrown when a card is wanted by its DID and nothing here can fetch one, or nobody had one. */
export class CardNotFoundError extends ParleyError {
  override readonly name = 'CardNotFoundError'
  readonly person: string

  constructor (person: string, reason: string, options?: ErrorOptions) {
    super(`There is no contact card of ${person}: ${reason}`, options)
    this.person = person
  }
}

/** Thrown when a picture cannot be read, or shows no QR code. */
export class UnreadablePictureError extends ParleyError {
  override readonly name = 'UnreadablePictureError'

  constructor (reason: string, options?: ErrorOptions) {
    super(`No QR code can be read from this picture: ${reason}`, options)
  }
}
