import { createSystemClock, systemRandom, type Clock, type RandomBytes } from '@parley/core'
import { createDeviceKeys, createDeviceList, createSigner, decodeDeviceList, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { createFileKeyStore } from '@parley/identity/node'
import { hostname, platform } from 'node:os'
import { join } from 'node:path'
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
}

/**
 * Makes a person and their first device in `folder`.
 *
 * @throws {IdentityExistsError} when there is one already; it is never replaced
 */
export async function createIdentity (folder: string, { name, deviceName = hostname(), passphrase, random = systemRandom, clock = createSystemClock() }: {
  name: string
  /** @default the machine's host name */
  deviceName?: string
  /** Key files are encrypted under it when given. */
  passphrase?: string | undefined
  random?: RandomBytes
  clock?: Clock
}): Promise<CreatedIdentity> {
  const store = createFileKeyStore(join(folder, 'keys'), passphrase === undefined ? {} : { passphrase })
  const existing = await store.get('device-list')
  if (existing !== undefined) throw new IdentityExistsError(folder, (await decodeDeviceList(existing)).person)
  const now = Math.floor(clock.now())
  const [personSeed, seed, sealingSecret] = [random(32), random(32), random(32)]
  const person = await createSigner(personSeed)
  const keys = await createDeviceKeys({ seed, sealingSecret })
  const list = await createDeviceList(person, {
    name,
    issued: now,
    devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: deviceName, platform: platform(), roles: ['endpoint', 'admin'], capabilities: ['voice'], added: now }]
  })
  await store.put('person', personSeed)
  await store.put('device', seed)
  await store.put('sealing', sealingSecret)
  // Written last: an identity exists once its list does, so a process killed half way leaves none.
  await store.put('device-list', list.bytes)
  return { person: person.did, device: keys.did, name }
}

/** Reads the identity of `folder`. @throws {NoIdentityError} and what the key store throws */
export async function readIdentity (folder: string, { passphrase }: { passphrase?: string | undefined } = {}): Promise<IdentityFiles> {
  const store = createFileKeyStore(join(folder, 'keys'), passphrase === undefined ? {} : { passphrase })
  const listBytes = await store.get('device-list')
  const seed = await store.get('device')
  const sealingSecret = await store.get('sealing')
  if (listBytes === undefined || seed === undefined || sealingSecret === undefined) throw new NoIdentityError(folder)
  const personSeed = await store.get('person')
  return {
    keys: await createDeviceKeys({ seed, sealingSecret }),
    list: await decodeDeviceList(listBytes),
    keepList: async bytes => { await store.put('device-list', bytes) },
    ...(personSeed === undefined ? {} : { personSigner: await createSigner(personSeed) })
  }
}
