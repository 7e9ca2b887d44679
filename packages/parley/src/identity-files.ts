import { InvalidArgumentError, createSystemClock, systemRandom, type Clock, type RandomBytes } from '@parley/core'
import {
  createDeviceKeys, createDeviceList, createSigner, decodeDeviceList, recoveryPhrase, recoverySealingOf,
  type DeviceKeys, type DeviceList, type DeviceRecord, type KeyStore, type Signer
} from '@parley/identity'
import { changeKeyPassphrase, createFileKeyStore } from '@parley/identity/node'
import { openLevelStore } from '@parley/network/node'
import { hostname, platform } from 'node:os'
import { join } from 'node:path'
import { equals } from 'uint8arrays'
import { IdentityExistsError, NoIdentityError } from './errors.ts'

/** What is in the key folder of a device. */
export interface IdentityFiles {
  keys: DeviceKeys
  /** Present where the person's own key is kept: this device may change the device list. */
  personSigner?: Signer
  /** The device list as it was when the files were written; the store may know a newer one. */
  list: DeviceList
  /** Writes a changed device list beside the keys. */
  keepList(bytes: Uint8Array): Promise<void>
}

export interface CreatedIdentity {
  person: string
  device: string
  name: string
  /** The person's key as 24 words: to be shown once, written down, and kept nowhere else. */
  phrase: string
}

/** What the making of an identity takes from outside. */
export interface IdentityInit {
  /** @default the machine's host name */
  deviceName?: string | undefined
  /** Key files are encrypted under it when given. */
  passphrase?: string | undefined
  random?: RandomBytes
  clock?: Clock
}

/** The secrets of a new device, and the list that names it. */
export interface NewIdentity {
  seed: Uint8Array
  sealingSecret: Uint8Array
  list: DeviceList
  /** The person's own seed, where it is to be kept. */
  personSeed?: Uint8Array | undefined
}

/**
 * Makes a person and their first device in `folder`. The person's own key is
 * in the returned phrase and, unless `keepPersonKey` says so, in no file.
 *
 * @throws {IdentityExistsError} when there is one already; it is never replaced
 */
export async function createIdentity (folder: string, { name, deviceName, passphrase, keepPersonKey = false, random = systemRandom, clock = createSystemClock() }: IdentityInit & {
  name: string
  /** Writes the person's key beside the device's: whoever gets at the folder is then the person. @default false */
  keepPersonKey?: boolean
}): Promise<CreatedIdentity> {
  await checkNoIdentity(folder, passphrase)
  const now = Math.floor(clock.now())
  const [personSeed, seed, sealingSecret] = [random(32), random(32), random(32)]
  const person = await createSigner(personSeed)
  const keys = await createDeviceKeys({ seed, sealingSecret })
  const { publicKey: recovery } = await recoverySealingOf(personSeed)
  const list = await createDeviceList(person, { name, issued: now, recovery, random, devices: [ownDevice(keys, { name: deviceName, at: now })] })
  await writeIdentity(folder, { seed, sealingSecret, list, personSeed: keepPersonKey ? personSeed : undefined }, { passphrase })
  return { person: person.did, device: keys.did, name, phrase: recoveryPhrase(personSeed) }
}

/**
 * Makes `folder` the device that was paired: its keys, and a device list that
 * names it.
 *
 * @throws {IdentityExistsError}
 * @throws {InvalidArgumentError} when the list does not name these keys
 */
export async function writePairedIdentity (folder: string, { seed, sealingSecret, list, passphrase }: Omit<NewIdentity, 'personSeed'> & { passphrase?: string | undefined }): Promise<IdentityFiles> {
  await checkNoIdentity(folder, passphrase)
  const keys = await createDeviceKeys({ seed, sealingSecret })
  const record = list.devices.find(({ device }) => device === keys.did)
  if (record === undefined || record.revoked !== undefined || !equals(record.sealing, keys.sealing.publicKey)) {
    throw new InvalidArgumentError(`The device list of ${list.person} does not name the device ${keys.did} with these keys`)
  }
  await writeIdentity(folder, { seed, sealingSecret, list }, { passphrase })
  return await readIdentity(folder, { passphrase })
}

/** Reads the identity of `folder`. @throws {NoIdentityError} and what the key store throws */
export async function readIdentity (folder: string, { passphrase }: { passphrase?: string | undefined } = {}): Promise<IdentityFiles> {
  const store = keyStoreOf(folder, passphrase)
  const listBytes = await store.get('device-list')
  const seed = await store.get('device')
  const sealingSecret = await store.get('sealing')
  if (listBytes === undefined || seed === undefined || sealingSecret === undefined) throw new NoIdentityError(folder)
  const list = await decodeDeviceList(listBytes)
  const personSeed = await store.get('person')
  const personSigner = personSeed === undefined ? undefined : await createSigner(personSeed)
  return {
    keys: await createDeviceKeys({ seed, sealingSecret }),
    list,
    keepList: async bytes => { await store.put('device-list', bytes) },
    // A key of somebody else is what the making of another identity, killed half way, left here.
    ...(personSigner?.did === list.person ? { personSigner } : {})
  }
}

/**
 * Writes every key of `folder` again under another passphrase, all of them at
 * one moment: whatever dies, all open with the old one or all with the new one.
 *
 * @throws {NoIdentityError}
 * @throws {WrongPassphraseError | PassphraseNeededError} when `from` is not the one; nothing is changed
 * @throws {StoreLockedError} when the device of the folder is running
 */
export async function changePassphrase (folder: string, { from, to }: {
  /** @default none: the keys are not encrypted yet */
  from?: string | undefined
  /** @default none: the keys are to be protected by file permissions alone */
  to?: string | undefined
}): Promise<void> {
  await readIdentity(folder, { passphrase: from })
  // A running device would go on writing with the passphrase it was opened with.
  const store = await openLevelStore(join(folder, 'store'))
  try {
    await changeKeyPassphrase(keysOf(folder), { from, to })
  } finally {
    await store.close()
  }
}

/** @throws {IdentityExistsError} */
export async function checkNoIdentity (folder: string, passphrase: string | undefined): Promise<void> {
  const existing = await keyStoreOf(folder, passphrase).get('device-list')
  if (existing !== undefined) throw new IdentityExistsError(folder, (await decodeDeviceList(existing)).person)
}

/** Writes the keys of a new device. */
export async function writeIdentity (folder: string, { seed, sealingSecret, list, personSeed }: NewIdentity, { passphrase }: { passphrase: string | undefined }): Promise<void> {
  const store = keyStoreOf(folder, passphrase)
  if (personSeed !== undefined) await store.put('person', personSeed)
  await store.put('device', seed)
  await store.put('sealing', sealingSecret)
  // Written last: an identity exists once its list does, so a process killed half way leaves none.
  await store.put('device-list', list.bytes)
}

/** Returns the record by which this machine's device stands on its person's list. */
export function ownDevice (keys: DeviceKeys, { name = hostname(), at }: { name?: string | undefined, at: number }): DeviceRecord {
  return { device: keys.did, sealing: keys.sealing.publicKey, name, platform: platform(), roles: ['endpoint', 'admin'], capabilities: ['voice'], added: at }
}

/** Returns where the key files of a data folder lie. */
export function keysOf (folder: string): string {
  return join(folder, 'keys')
}

function keyStoreOf (folder: string, passphrase: string | undefined): KeyStore {
  return createFileKeyStore(keysOf(folder), { passphrase })
}
