import { failure, ok, warning, type Check, type Finding } from './finding.ts'

/** A disk that takes longer to write something for good keeps speech waiting. */
const SLOW_MS = 1000

/** The store: whether it can be written, and how fast. */
export const checkStorage: Check = async ({ parley, context: { isOwner } }) => [judgeCommit(await parley.diagnosis.commit(), isOwner)]

/** Judges how long a durable commit took. */
export function judgeCommit (tookMs: number, isOwner: boolean): Finding {
  const where = isOwner ? 'open in parley device start' : 'opened for this command'
  const words = `${where}; writing to the disk takes ${tookMs.toFixed(0)} ms`
  return tookMs > SLOW_MS ? warning('store', words, 'Look what else uses the disk, or put the folder on a faster one: --data') : ok('store', words)
}

/** Says why the device could not be opened, and what to do. */
export function judgeOpening (error: Error, folder: string): Finding {
  switch (error.name) {
    case 'NoIdentityError': return failure('device', `There is no identity in ${folder}`, 'parley id create makes one; --data names another folder')
    case 'WrongPassphraseError': return failure('keys', 'The passphrase is not the one of the key files', 'Give the right one: --passphrase-file FILE')
    case 'PassphraseNeededError': return failure('keys', 'The key files are encrypted, and no passphrase was given', 'Give it: --passphrase-file FILE')
    case 'DamagedKeyFileError': return failure('keys', error.message, 'Bring the folder back from a backup (parley id import), or make another device (parley id restore)')
    case 'StoreLockedError': return failure('store', 'Another process has the store open and takes no commands', 'End that process; while parley device start runs, commands work through it')
    case 'StorageUnavailableError': return failure('store', error.message, 'Make room, and look whether the folder can be written')
    default: return failure('device', `This device cannot be opened: ${error.message}`, 'parley doctor --verbose says more')
  }
}
