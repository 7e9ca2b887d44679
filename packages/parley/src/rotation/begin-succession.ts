import type { Clock, RandomBytes, Store } from '@parley/core'
import {
  createContactCard, createDeviceList, extendDeviceList, rolesOf, signSuccession,
  type DeviceKeys, type DeviceList, type Did, type People, type Signer
} from '@parley/identity'
import { AlreadySucceededError, NotAdminError } from '../errors.ts'
import { CARD_LIFETIME_MS } from '../own-card.ts'
import { getFormer, putFormer } from './former-records.ts'

export interface BeginSuccessionComponents {
  store: Store
  people: People
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
}

/**
 * Gives a person another key: a device list of the new one, with all live
 * devices of the old one, and the last word of the old list, which names it.
 *
 * The second is what counts. Whatever dies before it is on the disk leaves the
 * person as they were; from then on this device goes over at its next start.
 *
 * @throws {NotAdminError} on a device that is no endpoint and admin of the person
 * @throws {AlreadySucceededError} when the old key has a successor
 * @throws {StorageUnavailableError}
 */
export async function beginSuccession ({ store, people, keys, clock, random }: BeginSuccessionComponents, { from, to, recovery }: {
  /** The person's old key, and the new one. */
  from: Signer
  to: Signer
  /** The X25519 key that follows from the new phrase. */
  recovery: Uint8Array
}): Promise<DeviceList> {
  const at = Math.floor(clock.now())
  const old = await people.list(from.did)
  const roles = old === undefined ? [] : rolesOf(old, keys.did, at)
  if (old === undefined || !roles.includes('admin') || !roles.includes('endpoint')) throw new NotAdminError()
  if (old.successor !== undefined) throw new AlreadySucceededError(old.person, old.successor)
  // Devices keep the time at which they were added: what they sign at once, by a clock that is behind, has to count.
  const devices = old.devices.filter(({ device }) => rolesOf(old, device, at).length > 0)
  const next = await createDeviceList(to, { name: old.name, devices, issued: at, recovery, random })
  const last = await extendDeviceList(from, old, { successor: await signSuccession(to, { from: from.did, at }) }, { at, random })
  const routes = await people.routes(from.did)
  const learn = async (list: DeviceList): Promise<void> => {
    const live = new Set(list.devices.filter(({ device }) => rolesOf(list, device, at).length > 0).map(({ device }) => device))
    const card = await createContactCard(keys.signer, { list, routes: routes.filter(({ device }) => live.has(device)), issued: at, expires: at + CARD_LIFETIME_MS })
    await people.learnCard(card.bytes, { durable: true })
  }
  await learn(next)
  const known = await getFormer(store, from.did)
  await store.commit([putFormer({ person: from.did, begins: true, told: known?.told ?? false, brought: new Uint8Array() })], { durable: true })
  await learn(last)
  return next
}

/** Returns the list of the key that follows a person's, when this device is on both. */
export async function heirOf (people: People, keys: DeviceKeys, { successor }: { successor?: Did }, now: number): Promise<DeviceList | undefined> {
  const next = successor === undefined ? undefined : await people.list(successor)
  return next !== undefined && rolesOf(next, keys.did, now).length > 0 ? next : undefined
}
