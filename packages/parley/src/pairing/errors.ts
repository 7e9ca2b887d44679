import { ParleyError } from '@parley/core'

/** Thrown when a pairing code was used before, or whoever showed it does not wait for it any more. */
export class SpentCodeError extends ParleyError {
  override readonly name = 'SpentCodeError'

  constructor () {
    super('This pairing code was used, or is not waited for any more; let the device show a new one')
  }
}

/** Thrown when another device is being paired with the same code. */
export class PairingBusyError extends ParleyError {
  override readonly name = 'PairingBusyError'

  constructor () {
    super('Another device is using this pairing code; if it is none of yours, refuse it there and show a new code')
  }
}

/** Thrown when one of the two sides said no, or could not go on. Nothing came of the pairing. */
export class PairingRefusedError extends ParleyError {
  override readonly name = 'PairingRefusedError'
  readonly by: 'us' | 'them'

  constructor (by: 'us' | 'them', reason: string) {
    super(by === 'us' ? `The pairing was refused here: ${reason}` : `The other device refused the pairing: ${reason}`)
    this.by = by
  }
}

/** Thrown when what the other device sent is not what was agreed: altered, or of another person. Nothing is kept. */
export class PairingMismatchError extends ParleyError {
  override readonly name = 'PairingMismatchError'
  /** What does not fit, in words. */
  readonly what: string

  constructor (what: string, options?: ErrorOptions) {
    super(`The pairing does not fit: ${what}`, options)
    this.what = what
  }
}

/** Thrown on the existing device when the new one is on the device list but never said that it has what was sent. */
export class PairingUnfinishedError extends ParleyError {
  override readonly name = 'PairingUnfinishedError'
  /** The device that is on the list now. */
  readonly device: string

  constructor (device: string, reason: string, options?: ErrorOptions) {
    super(`The device ${device} may be on the device list, but did not say that it has what it needs (${reason}); pair it again or revoke it`, options)
    this.device = device
  }
}
