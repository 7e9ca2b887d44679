import { ParleyError } from '@parley/core'

/** Thrown when a profile, or a tier of one, is older than what is kept; nothing was changed. */
export class StaleProfileError extends ParleyError {
  override readonly name = 'StaleProfileError'
  readonly person: string

  constructor (person: string) {
    super(`A newer profile of ${person} is kept already`)
    this.person = person
  }
}

/** Thrown when whoever is asked has no profile of that person. */
export class UnknownProfileError extends ParleyError {
  override readonly name = 'UnknownProfileError'
  readonly person: string

  constructor (person: string) {
    super(`There is no profile of ${person} here`)
    this.person = person
  }
}

/** Thrown when a profile is wanted, no copy of it is kept, and nobody who was asked gave a good one; `cause` is what the last of them did. */
export class ProfileUnavailableError extends ParleyError {
  override readonly name = 'ProfileUnavailableError'
  readonly person: string

  constructor (person: string, options?: ErrorOptions) {
    super(`The profile of ${person} cannot be had now, and no copy is kept`, options)
    this.person = person
  }
}

/** Thrown when the other end of a profile exchange refuses; `remoteName` is the name of its error. */
export class ProfileRefusedError extends ParleyError {
  override readonly name = 'ProfileRefusedError'
  readonly remoteName: string

  constructor (remoteName: string, words: string) {
    super(`No profile was exchanged, the other end says ${remoteName}: ${words.replace(/\p{Cc}/gu, ' ')}`)
    this.remoteName = remoteName
  }
}
