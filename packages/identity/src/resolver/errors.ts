import { ParleyError } from '@parley/core'

/** Thrown when no DID document can be had for a name. */
export class UnresolvableNameError extends ParleyError {
  override readonly name = 'UnresolvableNameError'
  readonly did: string
  /** The code of the DID resolution: `invalidDid`, `notFound`, `unsupportedDidMethod`, … */
  readonly code: string

  constructor (did: string, code: string, reason: string, options?: ErrorOptions) {
    super(`${did.slice(0, 300)} does not resolve (${code}): ${reason}`, options)
    this.did = did
    this.code = code
  }
}

/** Thrown when the document of a name does not name the person. */
export class NameOfNobodyError extends ParleyError {
  override readonly name = 'NameOfNobodyError'
  readonly did: string

  constructor (did: string, expected?: string) {
    super(`The document of ${did} names ${expected === undefined ? 'no did:key of a person' : `others than ${expected}`}`)
    this.did = did
  }
}

/** Thrown when the document of a name names a person whose public profile does not name it. */
export class NameNotClaimedError extends ParleyError {
  override readonly name = 'NameNotClaimedError'
  readonly did: string
  /** Whom the document names. */
  readonly persons: string[]

  constructor (did: string, persons: string[], options?: ErrorOptions) {
    super(`${did} names ${persons.join(', ')}, whose public profile does not name it`, options)
    this.did = did
    this.persons = persons
  }
}
