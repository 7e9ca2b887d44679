import { ParleyError } from '@parley/core'

/** Thrown when something is asked for a person that the proxy does not serve. */
export class NotServedError extends ParleyError {
  override readonly name = 'NotServedError'

  constructor (did: string) {
    super(`This proxy does not serve ${did}`)
  }
}
