import type { CID, Change } from '@parley/core'
import { rolesOf, type DeviceList } from '@parley/identity'
import { UnknownPersonError } from '../errors.ts'
import { PURGED_COLLECTION } from '../purge/purge-records.ts'
import { checkDevice } from '../merge/check-device.ts'
import type { EpochKey, Keyring } from '../read/keyring.ts'
import type { PreKeys } from '../pre-keys.ts'
import type { Writer } from '../write/append-actions.ts'
import { createHome, type Home, type HomeComponents } from './home.ts'
import { homeOf } from './home-of.ts'
import { createKeysAside } from './keys-aside.ts'
import { VAULT_COLLECTION, createVault, vaultedConversation } from './vault.ts'

/** The home log of this device's person, with the key vault in it. */
export interface OwnHome {
  /** @throws {UnknownPersonError} while our own device list is not known */
  home(): Promise<Home>
  /** Returns the home where our own device list is known. */
  existing(): Promise<Home | undefined>
  /** Returns what to store along with blocks of conversations. */
  marks(changes: Change[]): Change[]
  /** Says that an action of ours handed on keys of a conversation. */
  handedOn(conversation: CID, keyring: Keyring): void
  /** Keeps keys that came otherwise than sealed to us; false where there is no vault to write in. */
  keep(conversation: CID, keys: EpochKey[]): Promise<boolean>
  /** Returns what the vault has of a conversation's keys; [] when it cannot be asked. */
  keysOf(conversation: CID): Promise<EpochKey[]>
  /** Brings what is marked into the vault; false when something is marked still. */
  keepKeys(): Promise<boolean>
  /** Says that actions of a home log were merged. */
  merged(id: CID): void
  /** Brings what is marked into the vault, and waits for what is under way. */
  stop(): Promise<void>
}

export interface OwnHomeComponents extends HomeComponents {
  preKeys?: Pick<PreKeys, 'used'> | undefined
}

export interface OwnHomeInit {
  /** How long keys wait for others, to be brought into the vault together. */
  settleMs: number
  /** Told of a conversation of which keys came by another device's vault record. */
  onKeys(conversation: CID): Promise<void>
  /** Told of a conversation that another device of the person purged for all of them; without a value it may come back. Also of what this device said before, when it starts. */
  onPurge(conversation: CID, value: Uint8Array | undefined): Promise<void>
}

export function createOwnHome (components: OwnHomeComponents, writer: Writer, { settleMs, onKeys, onPurge }: OwnHomeInit): OwnHome {
  const { people, clock, logger, logs } = components
  const { person, device } = writer
  const homes = new Map<string, ReturnType<typeof createHome>>()
  const background = new Set<Promise<void>>()
  // What was told and is not looked at yet needs not be told again.
  const told = new Set<string>()

  const run = (what: string, work: () => Promise<void>): void => {
    const done = work().catch((error: unknown) => { logger.warn(what, { reason: (error as Error).message }) }).finally(() => background.delete(done))
    background.add(done)
  }
  const find = async (): Promise<ReturnType<typeof createHome> | undefined> => {
    const list = await people.list(person)
    if (list === undefined) return undefined
    const { id, basics } = homeOf(list)
    const known = homes.get(id.toString())
    if (known !== undefined) return known
    const home = createHome(components, writer, { id, basics })
    homes.set(id.toString(), home)
    home.on('changed', ({ collection, key, value, local }) => {
      const purged = local || collection !== PURGED_COLLECTION ? undefined : vaultedConversation(key)
      if (purged !== undefined) run('a conversation could not be purged as another device said', async () => { await onPurge(purged, value) })
      const conversation = local || collection !== VAULT_COLLECTION ? undefined : vaultedConversation(key)
      if (conversation !== undefined) look(conversation)
    })
    return home
  }
  const look = (conversation: CID): void => {
    const name = conversation.toString()
    if (told.has(name)) return
    told.add(name)
    run('a conversation could not be opened with new keys', async () => {
      told.delete(name)
      await onKeys(conversation)
    })
  }
  const vault = createVault({
    ...components,
    device: device.signer.publicKey,
    aside: createKeysAside(components, { storageKey: device.storageKey }),
    home: find,
    async writableHome () {
      const [list, now] = [await people.list(person), clock.now()]
      const home = await find()
      if (list === undefined || home === undefined || checkDevice(list, person, device.did, now) !== undefined) return undefined
      const isHere = await logs.run(home.id, async log => log !== undefined)
      // Another device may have begun it already: better to wait for that than to begin a second root of it by the way.
      return isHere || writersOf(list, now) === 1 ? home : undefined
    }
  }, { settleMs })
  return {
    async home () {
      const home = await find()
      if (home === undefined) throw new UnknownPersonError(person)
      return home
    },
    existing: find,
    marks: vault.marks,
    handedOn: vault.handedOn,
    keep: vault.keep,
    async keysOf (conversation) {
      try {
        return await vault.keysOf(conversation)
      } catch (error) {
        logger.warn('the vault could not be asked for keys', { conversation: conversation.toString(), reason: (error as Error).message })
        return []
      }
    },
    async keepKeys () {
      await Promise.allSettled(background)
      return await vault.flush()
    },
    merged (id) {
      const name = id.toString()
      if (told.has(name)) return
      told.add(name)
      run('the home’s index could not be brought up to date', async () => {
        told.delete(name)
        const home = await find()
        if (home?.id.equals(id) !== true) return
        await home.refresh()
        // It may have got the keys that it lacked when it wanted to write.
        await vault.flush()
      })
    },
    async stop () {
      await Promise.allSettled(background)
      await vault.stop()
    }
  }
}

function writersOf (list: DeviceList, at: number): number {
  return list.devices.filter(({ device }) => rolesOf(list, device, at).includes('endpoint')).length
}
