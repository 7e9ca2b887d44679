import { ParleyError } from '@parley/core'

/** Thrown when the server cannot listen where it was told to. */
export class CannotListenError extends ParleyError {
  override readonly name = 'CannotListenError'
  readonly host: string
  readonly port: number
  /** The system's word for it, for example `EADDRINUSE`. */
  readonly code: string

  constructor (host: string, port: number, code: string, options?: ErrorOptions) {
    super(`The status page cannot be served on ${host} port ${port}: ${WORDS[code] ?? code}`, options)
    this.host = host
    this.port = port
    this.code = code
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host is known'
}

/** Thrown, and logged, when a status source gives what the page cannot show. */
export class InvalidStatusError extends ParleyError {
  override readonly name = 'InvalidStatusError'

  constructor (field: string, options?: ErrorOptions) {
    super(`The status of this node is not what its schema says: ${field}`, options)
  }
}
