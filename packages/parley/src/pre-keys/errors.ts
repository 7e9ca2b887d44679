import { ParleyError } from '@parley/core'

/** Thrown when a proxy does not take our pre-keys, or gives none; `remoteName` is the name of its error. */
export class PreKeysRefusedError extends ParleyError {
  override readonly name = 'PreKeysRefusedError'
  readonly remoteName: string

  constructor (remoteName: string, words: string) {
    super(`No pre-keys were exchanged, the other end says ${remoteName}: ${words.replace(/\p{Cc}/gu, ' ')}`)
    this.remoteName = remoteName
  }
}
