import type { Clock, Logger, RandomBytes, Store } from '@parley/core'
import { createPeople, type DeviceKeys, type DeviceList } from '@parley/identity'
import { heirOf } from './begin-succession.ts'
import { bringAlong } from './bring-along.ts'
import { getFormer, listFormer, putFormer } from './former-records.ts'

export interface SuccessionComponents {
  store: Store
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Keeps a list beside the keys, durably: from then on this is a device of the list's person. */
  keepList?: ((bytes: Uint8Array) => Promise<void>) | undefined
}

/**
 * Goes over to the person's new key where they have one. To be called before
 * `createParley`, with the same store; returns the list to open the device
 * with. Asks nobody over the network, and may die and be called again at any
 * point: each step is durable before the next, and finds what was done.
 *
 * @throws {StorageUnavailableError}
 */
export async function enterSuccession (components: SuccessionComponents, list: DeviceList): Promise<DeviceList> {
  const { store, keys, clock, keepList } = components
  const logger = components.logger.child('succession')
  const people = createPeople({ store, logger })
  let current = await people.learnList(list.bytes)
  const passed = new Set([current.person])
  for (let next = await heirOf(people, keys, current, clock.now()); next !== undefined && !passed.has(next.person); next = await heirOf(people, keys, current, clock.now())) {
    passed.add(next.person)
    if (await getFormer(store, current.person) === undefined) await store.commit([putFormer({ person: current.person, begins: false, told: false, brought: new Uint8Array() })], { durable: true })
    // The proxies of the old key are those of the new one; whatever a card of it said since is newer.
    const listed = new Set(next.devices.map(({ device }) => device))
    await people.learnRoutes(next.person, (await people.routes(current.person)).filter(({ device }) => listed.has(device)), 0)
    await bringAlong({ ...components, people, logger }, current, next)
    await keepList?.(next.bytes)
    logger.info('went over to the new key', { from: current.person, to: next.person })
    current = next
  }
  // What came for an old key since, and records that another device wrote before it heard.
  for (const { person } of await listFormer(store)) {
    const former = passed.has(person) ? undefined : await people.list(person)
    if (former?.successor !== undefined) await bringAlong({ ...components, people, logger }, former, current)
  }
  return current
}
