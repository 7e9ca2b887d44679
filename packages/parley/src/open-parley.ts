import { createSystemClock, silentLogger, systemRandom, type Clock, type Logger } from '@parley/core'
import { peerIdFromDid } from '@parley/identity'
import { createNetwork } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { join } from 'node:path'
import { createParley } from './create-parley.ts'
import { enterSuccession } from './rotation/enter-succession.ts'
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
    const { keys, keepList } = identity
    const list = await enterSuccession({ store, keys, keepList, clock, random: systemRandom, logger }, identity.list)
    // The old key signs nothing for the new person.
    const personSigner = identity.personSigner?.did === list.person ? identity.personSigner : undefined
    const network = offline
      ? createOfflineNetwork({ store, logger }, { peerId: peerIdFromDid(identity.keys.did) })
      : await createNetwork({ store, logger: logger.child('network') }, { seed: identity.keys.seed, listen })
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
