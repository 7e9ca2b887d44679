import { ParleyError, type CID } from '@parley/core'

/** Thrown when a text is no `did:key` of an Ed25519 key, or no peer id of one. */
export class InvalidDidError extends ParleyError {
  override readonly name = 'InvalidDidError'
  readonly text: string

  constructor (text: string, reason: string, options?: ErrorOptions) {
    // A hostile text may be megabytes long; an error message is not the place for it.
    const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text
    super(`${JSON.stringify(shown)} does not name a person or a device: ${reason}`, options)
    this.text = shown
  }
}

/** Thrown when bytes are well formed but not signed by whom they claim. */
export class InvalidSignatureError extends ParleyError {
  override readonly name = 'InvalidSignatureError'
  /** What was being verified, for example `action`. */
  readonly what: string

  constructor (what: string, reason = 'its signature is not by the key it names') {
    super(`This ${what} is not genuine: ${reason}`)
    this.what = what
  }
}

/** Thrown when ciphertext does not open: another key, other associated data, or altered bytes. */
export class UndecryptableError extends ParleyError {
  override readonly name = 'UndecryptableError'

  constructor (what: string, options?: ErrorOptions) {
    super(`This ${what} cannot be opened with this key`, options)
  }
}

/** Thrown when a person began two device lists. The one learned first stays. */
export class ForkedDeviceListError extends ParleyError {
  override readonly name = 'ForkedDeviceListError'
  readonly person: string
  readonly kept: CID
  readonly refused: CID

  constructor ({ person, kept, refused }: { person: string, kept: CID, refused: CID }) {
    super(`${person} began two device lists: ${kept.toString()} is kept, ${refused.toString()} is refused`)
    this.person = person
    this.kept = kept
    this.refused = refused
  }
}

/** Thrown when a contact card, a claim code or a pairing code is used after its time. */
export class ExpiredCardError extends ParleyError {
  override readonly name = 'ExpiredCardError'
  readonly expires: number

  constructor (what: 'contact card' | 'claim code' | 'pairing code', expires: number) {
    super(`This ${what} expired at ${new Date(expires).toISOString()}; ask for a new one`)
    this.expires = expires
  }
}

/** Thrown when a text is not the Parley URL that was asked for. */
export class InvalidUrlError extends ParleyError {
  override readonly name = 'InvalidUrlError'

  constructor (what: string, reason: string, options?: ErrorOptions) {
    super(`This is no ${what} URL: ${reason}`, options)
  }
}

/** Thrown when no contact has this name or DID. */
export class UnknownContactError extends ParleyError {
  override readonly name = 'UnknownContactError'
  readonly contact: string

  constructor (contact: string) {
    super(`There is no contact ${JSON.stringify(contact)}`)
    this.contact = contact
  }
}

/** Thrown when several contacts have this name. */
export class AmbiguousContactError extends ParleyError {
  override readonly name = 'AmbiguousContactError'
  readonly contact: string
  readonly dids: string[]

  constructor (contact: string, dids: string[]) {
    super(`${dids.length} contacts are called ${JSON.stringify(contact)}: ${dids.join(', ')}`)
    this.contact = contact
    this.dids = dids
  }
}

/** Thrown when a key file does not open with the passphrase that was given. */
export class WrongPassphraseError extends ParleyError {
  override readonly name = 'WrongPassphraseError'
  readonly key: string

  constructor (key: string) {
    super(`The passphrase does not open the key ${key}`)
    this.key = key
  }
}

/** Thrown when a key file is encrypted and no passphrase was given. */
export class PassphraseNeededError extends ParleyError {
  override readonly name = 'PassphraseNeededError'
  readonly key: string

  constructor (key: string) {
    super(`The key ${key} is encrypted and needs its passphrase`)
    this.key = key
  }
}

/** Thrown when a key file is truncated, altered or not a key file. */
export class DamagedKeyFileError extends ParleyError {
  override readonly name = 'DamagedKeyFileError'
  readonly path: string

  constructor (path: string, reason: string, options?: ErrorOptions) {
    super(`The key file ${path} is damaged: ${reason}`, options)
    this.path = path
  }
}
