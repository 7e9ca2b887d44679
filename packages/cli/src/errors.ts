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

/** Thrown when a command needs this device to be on line and no process keeps it so. */
export class DeviceNotRunningError extends ParleyError {
  override readonly name = 'DeviceNotRunningError'

  constructor (folder: string) {
    super(`Presence lives only while this device is on line, and it is not. Start it in another terminal with: parley device start --data ${folder}`)
  }
}

/** Thrown when nobody of this name or DID waits for an answer, or several of the name do. */
export class UnknownRequestError extends ParleyError {
  override readonly name = 'UnknownRequestError'
  readonly dids: string[]

  constructor (who: string, dids: string[]) {
    super(dids.length > 0 ? `${dids.length} people who call themselves ${JSON.stringify(who)} wait for an answer; name one by its DID: ${dids.join(', ')}` : `Nobody called ${JSON.stringify(who)} waits for an answer; see: parley request list`)
    this.dids = dids
  }
}
