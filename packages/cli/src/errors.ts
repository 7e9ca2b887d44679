import { ParleyError } from '@parley/core'

/** Thrown when the words of a command line cannot be used. */
export class UsageError extends ParleyError {
  override readonly name = 'UsageError'
}

/** Thrown when a file named on the command line cannot be read or written. */
export class FileError extends ParleyError {
  override readonly name = 'FileError'
}

/** Thrown when a command needs a running proxy in the data folder and there is none. */
export class ProxyNotRunningError extends ParleyError {
  override readonly name = 'ProxyNotRunningError'

  constructor (folder: string) {
    super(`No proxy is running in ${folder}. Start one with: parley proxy start --data ${folder}`)
  }
}
