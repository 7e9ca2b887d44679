import { ParleyError } from '@parley/core'

/** Thrown when a photo is larger than it may be, or not what it is said to be. */
export class InvalidPhotoError extends ParleyError {
  override readonly name = 'InvalidPhotoError'

  constructor (reason: string) {
    super(`This photo cannot be used: ${reason}`)
  }
}
