import { ParleyError } from '@parley/core'

/** Thrown when a policy is older than the one that is kept; nothing was changed. */
export class StalePolicyError extends ParleyError {
  override readonly name = 'StalePolicyError'
  readonly person: string

  constructor (person: string) {
    super(`A newer policy of ${person} is kept already`)
    this.person = person
  }
}

/** Thrown when the other end of a policy exchange refuses; `remoteName` is the name of its error. */
export class PolicyRefusedError extends ParleyError {
  override readonly name = 'PolicyRefusedError'
  readonly remoteName: string

  constructor (remoteName: string, words: string) {
    super(`The policy was not exchanged, the other end says ${remoteName}: ${words.replace(/\p{Cc}/gu, ' ')}`)
    this.remoteName = remoteName
  }
}
