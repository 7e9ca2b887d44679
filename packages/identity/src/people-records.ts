import { bytesSchema, countSchema, createCodec, type Change, type Store } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import type { Route } from './contact-card.ts'
import type { DeviceList } from './device-list.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { addressesSchema } from './text.ts'

const LIST = '/people/list/'
const CARD = '/people/card/'
const ROUTES = '/people/routes/'
const DEVICE = '/people/device/'

const CLAIMED = Uint8Array.of(0)
const VOUCHED = Uint8Array.of(1)

const routesCodec = createCodec('stored routes', z.strictObject({
  v: z.literal(1),
  routes: z.array(z.strictObject({ device: bytesSchema({ exactBytes: KEY_BYTES }), addresses: addressesSchema, issued: countSchema() }))
}), { maxBytes: 2 * 1024 * 1024 })

/** How the directory of persons lies in a store. */
export interface PeopleRecords {
  list(person: Did): Promise<Uint8Array | undefined>
  card(person: Did): Promise<Uint8Array | undefined>
  routes(person: Did): Promise<Array<Route & { issued: number }>>
  personsOf(device: Did): Promise<Array<{ person: Did, isVouched: boolean }>>
  /** Returns what to write to replace `kept`. */
  putList(list: DeviceList, kept: DeviceList | undefined): Change[]
  putCard(person: Did, bytes: Uint8Array): Change
  dropCard(person: Did): Change
  /** Returns what to write so that each device has its newest route. */
  putRoutes(person: Did, routes: Route[], issued: number): Promise<Change[]>
  /** Returns what to write when a device itself said whose it is. */
  vouch(device: Did, person: Did): Promise<Change[]>
}

/** Creates the records kept in `store`. */
export function createPeopleRecords ({ store }: { store: Store }): PeopleRecords {
  const readRoutes = async (person: Did): Promise<Array<Route & { issued: number }>> => {
    const bytes = await store.get(ROUTES + person)
    if (bytes === undefined) return []
    return routesCodec.decode(bytes).routes.map(route => ({ ...route, device: didFromPublicKey(route.device) }))
  }
  return {
    list: async person => await store.get(LIST + person),
    card: async person => await store.get(CARD + person),
    routes: readRoutes,
    async personsOf (device) {
      const persons: Array<{ person: Did, isVouched: boolean }> = []
      const prefix = `${DEVICE}${device}/`
      for await (const { key, value } of store.entries(prefix)) {
        persons.push({ person: key.slice(prefix.length), isVouched: value[0] === VOUCHED[0] })
      }
      return persons
    },
    putList (list, kept) {
      const known = new Set(kept?.devices.map(record => record.device))
      return [
        { type: 'put', key: LIST + list.person, value: list.bytes },
        // The mark of a known device stays: it may say that the device vouched for itself.
        ...list.devices.filter(({ device }) => !known.has(device)).map(({ device }): Change => ({ type: 'put', key: `${DEVICE}${device}/${list.person}`, value: CLAIMED }))
      ]
    },
    putCard: (person, bytes) => ({ type: 'put', key: CARD + person, value: bytes }),
    dropCard: person => ({ type: 'delete', key: CARD + person }),
    async putRoutes (person, routes, issued) {
      const known = new Map((await readRoutes(person)).map(route => [route.device, route]))
      const newer = routes.filter(route => issued > (known.get(route.device)?.issued ?? -1))
      if (newer.length === 0) return []
      for (const { device, addresses } of newer) known.set(device, { device, addresses, issued })
      const wire = [...known.values()].map(route => ({ ...route, device: publicKeyFromDid(route.device) }))
      return [{ type: 'put', key: ROUTES + person, value: routesCodec.encode({ v: 1, routes: wire.sort((a, b) => compare(a.device, b.device)) }) }]
    },
    async vouch (device, person) {
      const key = `${DEVICE}${device}/${person}`
      const known = await store.get(key)
      return known?.[0] === VOUCHED[0] ? [] : [{ type: 'put', key, value: VOUCHED }]
    }
  }
}
