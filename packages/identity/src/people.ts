import { createEmitter, type Change, type Emitter, type Logger, type Store } from '@parley/core'
import { decodeContactCard, type ContactCard, type Route } from './contact-card.ts'
import { coversDeviceList, decodeDeviceList, mergeDeviceLists, recallsErased, rolesOf, type DeviceList } from './device-list.ts'
import type { Did } from './did.ts'
import { ForkedDeviceListError, InvalidSignatureError } from './errors.ts'
import { createLru } from './lru.ts'
import { createPeopleRecords } from './people-records.ts'
import { createQueue } from './queue.ts'

/** What the directory tells. */
export interface PeopleEvents extends Record<string, unknown> {
  /** A person was learned, or a known one's list grew: devices may be new, or revoked. */
  changed: { person: Did, list: DeviceList }
}

/** What is known of persons: the device list and routes of each. */
export interface People extends Emitter<PeopleEvents> {
  /**
   * Verifies a card and keeps what is new in it: changes of the device list,
   * routes, and the card when it is newer. Returns the card as it came; `list`
   * says what is known now.
   *
   * @throws {ForkedDeviceListError} when its list was begun apart from the one that is kept, or names another successor than is known; nothing of the card is taken over
   * @throws {InvalidSignatureError} also when a change that is known says that its signer was no device of the person any more
   */
  learnCard(bytes: Uint8Array, options?: { /** Resolve only once it is on the disk itself. @default false */ durable?: boolean }): Promise<ContactCard>
  /**
   * Verifies a list, keeps the union of it and the known one, and returns that.
   *
   * @throws {ForkedDeviceListError | InvalidBytesError | InvalidSignatureError}
   */
  learnList(bytes: Uint8Array): Promise<DeviceList>
  /** Returns all that is known of a person's device list. */
  list(person: Did): Promise<DeviceList | undefined>
  /**
   * Returns the newest known card of a person, as bytes to pass on. Its list
   * may lack changes that `list` has, which were learned otherwise. There is
   * none after an erasure until somebody sends one without what was erased.
   */
  card(person: Did): Promise<Uint8Array | undefined>
  /** Returns the person to whom a device belongs: the first of `personsOf`. A proxy may serve several; ask `personsOf` then. */
  personOf(device: Did): Promise<Did | undefined>
  /**
   * Returns everybody on whose list a device stands and is not revoked.
   * Anybody can list a device of somebody else, so persons whose card the
   * device itself signed come first.
   */
  personsOf(device: Did): Promise<Did[]>
  /** Returns where the devices of a person can be dialled; none of revoked ones. */
  routes(person: Did): Promise<Route[]>
  /** Keeps routes that were learned otherwise than from a card; of each device the newest by `issued`. */
  learnRoutes(person: Did, routes: Route[], issued: number): Promise<void>
}

/** Creates the directory of persons kept in `store`, under `/people/`. */
export function createPeople ({ store, logger }: { store: Store, logger: Logger }): People {
  const records = createPeopleRecords({ store })
  // Changes read what is there before they write, so they go one by one.
  const queue = createQueue()
  const lists = createLru<Did, DeviceList>(1024)
  const log = logger.child('people')
  const events = createEmitter<PeopleEvents>(log)

  const readList = async (person: Did): Promise<DeviceList | undefined> => {
    const cached = lists.get(person)
    if (cached !== undefined) return cached
    const bytes = await records.list(person)
    if (bytes === undefined) return undefined
    const list = await decodeDeviceList(bytes)
    lists.set(person, list)
    return list
  }

  /** Merges a list into the kept one, and says what to write. */
  const accept = async (list: DeviceList): Promise<{ kept: DeviceList, changes: Change[] }> => {
    const before = await readList(list.person)
    if (before === undefined) return { kept: list, changes: records.putList(list, undefined) }
    const kept = merge(before, list)
    if (kept.cid.equals(before.cid)) return { kept: before, changes: [] }
    return { kept, changes: [...records.putList(kept, before), ...await dropCard(kept)] }
  }

  const merge = (kept: DeviceList, list: DeviceList): DeviceList => {
    try {
      const merged = mergeDeviceLists(kept, list)
      // Whoever has a stolen key may write that they named somebody earlier. Where a successor is known, it stays.
      if (kept.successor !== undefined && merged.successor !== kept.successor) throw new ForkedDeviceListError({ person: kept.person, kept: kept.cid, refused: list.cid })
      return merged
    } catch (error) {
      log.warn('a device list cannot be merged with the one that is kept', { person: list.person, error })
      throw error
    }
  }

  /** A card is signed as a whole: one that says what was erased has to go. */
  const dropCard = async (kept: DeviceList): Promise<Change[]> => {
    const card = await records.card(kept.person)
    if (card === undefined || !recallsErased((await decodeContactCard(card)).list, kept)) return []
    return [records.dropCard(kept.person)]
  }

  const commit = async (kept: DeviceList, changes: Change[], durable = false): Promise<void> => {
    const before = lists.get(kept.person)
    if (changes.length > 0 || durable) await store.commit(changes, { durable })
    lists.set(kept.person, kept)
    // A list that was kept lies in the cache: `accept` read it.
    if (before !== kept) events.emit('changed', { person: kept.person, list: kept })
  }

  return {
    on: events.on,
    learnList: async bytes => await queue(async () => {
      const { kept, changes } = await accept(await decodeDeviceList(bytes))
      await commit(kept, changes)
      return kept
    }),
    learnCard: async (bytes, { durable = false } = {}) => await queue(async () => {
      const card = await decodeContactCard(bytes)
      const { kept, changes } = await accept(card.list)
      if (rolesOf(kept, card.signer, card.issued).length === 0) {
        throw new InvalidSignatureError('contact card', 'whoever signed it is no device of the person any more')
      }
      const person = kept.person
      if (!recallsErased(card.list, kept) && await isNewer(card, await records.card(person))) changes.push(records.putCard(person, card.bytes))
      changes.push(...await records.putRoutes(person, card.routes, card.issued), ...await records.vouch(card.signer, person))
      await commit(kept, changes, durable)
      return card
    }),
    learnRoutes: async (person, routes, issued) => await queue(async () => {
      const changes = await records.putRoutes(person, routes, issued)
      if (changes.length > 0) await store.commit(changes)
    }),
    list: readList,
    card: async person => await records.card(person),
    personsOf,
    personOf: async device => (await personsOf(device))[0],
    async routes (person) {
      const list = await readList(person)
      const current = new Set(list?.devices.filter(record => record.revoked === undefined).map(record => record.device))
      const routes = await records.routes(person)
      return routes.filter(route => current.has(route.device)).map(({ device, addresses }) => ({ device, addresses }))
    }
  }

  async function personsOf (device: Did): Promise<Did[]> {
    const vouched: Did[] = []
    const claimed: Did[] = []
    for (const { person, isVouched } of await records.personsOf(device)) {
      const list = await readList(person)
      const record = list?.devices.find(record => record.device === device)
      if (record === undefined || record.revoked !== undefined) continue
      if (isVouched) vouched.push(person)
      else claimed.push(person)
    }
    return [...vouched, ...claimed]
  }
}

async function isNewer (card: ContactCard, known: Uint8Array | undefined): Promise<boolean> {
  if (known === undefined) return true
  const other = await decodeContactCard(known)
  const [covers, isCovered] = [coversDeviceList(card.list, other.list), coversDeviceList(other.list, card.list)]
  // Of two lists each of which knows something the other does not, none is newer.
  return covers === isCovered ? card.issued > other.issued : covers
}
