import { ParleyError } from '@parley/core'

/** Thrown when a data folder holds no identity yet. */
export class NoIdentityError extends ParleyError {
  override readonly name = 'NoIdentityError'

  constructor (folder: string) {
    super(`There is no identity in ${folder}. Make one with: parley id create`)
  }
}

/** Thrown when an identity is to be made where there is one already. */
export class IdentityExistsError extends ParleyError {
  override readonly name = 'IdentityExistsError'

  constructor (folder: string, did: string) {
    super(`${folder} already holds the identity ${did}; choose another folder, it will not be replaced`)
  }
}

/** Thrown when a message number is not in the inbox of this device. */
export class UnknownMessageError extends ParleyError {
  override readonly name = 'UnknownMessageError'

  constructor (n: number) {
    super(n > 0 ? `There is no message ${n}; list them with: parley inbox` : 'A message is named by its number in the inbox')
  }
}

/** Thrown when a proxy does not want to act for us. */
export class ProxyRefusedError extends ParleyError {
  override readonly name = 'ProxyRefusedError'
}

/** Thrown when a device that may not change the device list tries to. */
export class NotAdminError extends ParleyError {
  override readonly name = 'NotAdminError'

  constructor () {
    super('The key of the person is not on this device, so it cannot change the list of devices')
  }
}
