import { ParleyError } from '@parley/core'

/** Thrown when a verification code was scanned from the screen of somebody else than the contact that is being verified. */
export class WrongPersonError extends ParleyError {
  override readonly name = 'WrongPersonError'
  readonly expected: string
  readonly shown: string

  constructor (expected: string, shown: string) {
    super(`This code is shown by ${shown}, not by ${expected}`)
    this.expected = expected
    this.shown = shown
  }
}

/** Thrown when the other person holds a key for us that is not ours. */
export class OtherKeyError extends ParleyError {
  override readonly name = 'OtherKeyError'
  readonly own: string
  readonly held: string

  constructor (own: string, held: string) {
    super(`They hold ${held} for us, but we are ${own}`)
    this.own = own
    this.held = held
  }
}
