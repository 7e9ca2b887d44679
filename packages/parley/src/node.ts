import { createSystemClock, silentLogger, systemRandom, type Clock, type Logger } from '@parley/core'
import { peerIdFromDid } from '@parley/identity'
import { createNetwork } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { join } from 'node:path'
import { createParley } from './create-parley.ts'
import { readIdentity } from './identity-files.ts'
import { createOfflineNetwork } from './offline-network.ts'
import type { Parley } from './types.ts'

export interface OpenParleyInit {
  passphrase?: string | undefined
  /** Multiaddrs to listen on. @default none: this device only dials */
  listen?: string[]
  logger?: Logger
  clock?: Clock
  /** Stays connected to our proxies and tells what they report. @default false */
  follow?: boolean
  /** Contacts nobody, and listens nowhere. @default false */
  offline?: boolean
}

/**
 * Opens the device in `folder`: its keys, its store and its network node.
 * `stop()` closes all of them.
 *
 * @throws {NoIdentityError} when there is no identity; see `createIdentity`
 * @throws {StoreLockedError} when another process has the store open
 */
export async function openParley (folder: string, { passphrase, listen = [], logger = silentLogger, clock = createSystemClock(), follow = false, offline = false }: OpenParleyInit = {}): Promise<Parley> {
  const identity = await readIdentity(folder, { passphrase })
  const store = await openLevelStore(join(folder, 'store'))
  try {
    const network = offline
      ? createOfflineNetwork({ store, logger }, { peerId: peerIdFromDid(identity.keys.did) })
      : await createNetwork({ store, logger: logger.child('network') }, { seed: identity.keys.seed, listen })
    const { keys, list, personSigner, keepList } = identity
    const parley = await createParley({ store, network, keys, list, personSigner, keepList, clock, random: systemRandom, logger }, { follow }).catch(async (error: unknown) => {
      await network.stop()
      throw error
    })
    return {
      ...parley,
      async stop () {
        await parley.stop()
        await network.stop()
        await store.close()
      }
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

export {
  changePassphrase, createIdentity, readIdentity, writePairedIdentity, type CreatedIdentity, type IdentityFiles, type IdentityInit
} from './identity-files.ts'
export { restoreIdentity, type RestoredIdentity } from './restore-identity.ts'
export { exportBackup, type BackupProgress, type BackupSummary, type ExportOptions } from './backup/export-backup.ts'
export { importBackup, type ImportOptions } from './backup/import-backup.ts'
export type { BackupKey, BackupLock } from './backup/age-stream.ts'
export { DamagedBackupError, WrongBackupKeyError } from './backup/errors.ts'
export { joinPerson, type JoinPersonInit, type Joining } from './new-device/join-person.ts'
export { findCard } from './new-device/find-card.ts'
export { restorePerson, type Restored, type RestorePersonInit, type RestoreProgress } from './new-device/restore-person.ts'
