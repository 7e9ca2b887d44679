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

  constructor (folder: string, did?: string) {
    super(`${folder} already holds ${did === undefined ? 'something' : `the identity ${did}`}; choose another folder, it will not be replaced`)
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

/** Thrown when a person's key is to be replaced that has a successor already. */
export class AlreadySucceededError extends ParleyError {
  override readonly name = 'AlreadySucceededError'
  readonly successor: string

  constructor (person: string, successor: string) {
    super(`The key ${person} was replaced already, by ${successor}`)
    this.successor = successor
  }
}

/** Thrown when a device that may not change the device list tries to. */
export class NotAdminError extends ParleyError {
  override readonly name = 'NotAdminError'

  constructor () {
    super('This device may not change the list of devices. Do it on one with the role admin; parley device list shows them')
  }
}

/** Thrown when one of our own devices is named that is not there, or not the only one of its name. */
export class UnknownOwnDeviceError extends ParleyError {
  override readonly name = 'UnknownOwnDeviceError'

  constructor (nameOrDid: string, isAmbiguous: boolean) {
    super(isAmbiguous ? `Several of your devices are called ${nameOrDid}; name one by its DID, see: parley device list` : `None of your devices is called ${nameOrDid}; see: parley device list`)
  }
}

/** Thrown when nobody gives the contact card of a person. */
export class CardUnavailableError extends ParleyError {
  override readonly name = 'CardUnavailableError'
  readonly person: string
  readonly reason: 'unknown' | 'busy'

  constructor (person: string, reason: 'unknown' | 'busy') {
    super(reason === 'unknown' ? `Whoever was asked does not know ${person}, or does not say` : 'Too many cards were asked for; ask again in a minute')
    this.person = person
    this.reason = reason
  }
}

/** Thrown when a person could not be restored, since none of their proxies gave what it keeps. */
export class NotRestoredError extends ParleyError {
  override readonly name = 'NotRestoredError'

  constructor (reason: string) {
    super(`No proxy of this person could be synchronised with: ${reason}. What is here already stays; run it again when one is on line`)
  }
}

/** Thrown when a person's things cannot be brought to another proxy just now; nothing was taken from the old one. */
export class NotMovedError extends ParleyError {
  override readonly name = 'NotMovedError'

  constructor (reason: string, options?: ErrorOptions) {
    super(`Not everything is at the new proxy yet, so the old one stays yours: ${reason}. Run it again to go on`, options)
  }
}

/** Thrown when something is to be had from others and nobody is known who could be asked. */
export class NobodyToAskError extends ParleyError {
  override readonly name = 'NobodyToAskError'

  constructor () {
    super('Nobody is known who could be asked: no proxy of yours, and no address of those who take part')
  }
}

/** Thrown when a message has no such file. */
export class UnknownAttachmentError extends ParleyError {
  override readonly name = 'UnknownAttachmentError'

  constructor (message: string, attachment: string) {
    super(`The message ${message} has no file ${attachment}; it may have been taken off, or is not readable here`)
  }
}
