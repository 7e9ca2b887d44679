import { ParleyError } from '@parley/core'

/** Thrown when a file is no backup, or one that was cut or altered. Nothing of it was taken over. */
export class DamagedBackupError extends ParleyError {
  override readonly name = 'DamagedBackupError'

  constructor (reason: string, options?: ErrorOptions) {
    super(`This backup cannot be used: ${reason}`, options)
  }
}

/** Thrown when the passphrase or identity that was given does not open a backup. */
export class WrongBackupKeyError extends ParleyError {
  override readonly name = 'WrongBackupKeyError'

  constructor () {
    super('This backup does not open with what was given: another passphrase or identity locked it, or its first lines were altered')
  }
}
