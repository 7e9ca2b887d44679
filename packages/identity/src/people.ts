import type { Change, Logger, Store } from '@parley/core'
import { decodeContactCard, type ContactCard, type Route } from './contact-card.ts'
import { checkSuccessor, decodeDeviceList, rolesOf, type DeviceList } from './device-list.ts'
import type { Did } from './did.ts'
import { ForkedDeviceListError, InvalidSignatureError } from './errors.ts'
import { createLru } from './lru.ts'
import { createPeopleRecords } from './people-records.ts'
import { createQueue } from './queue.ts'

/** What is known of persons: the newest device list and routes of each. */
export interface People {
  /**
   * Verifies a card and keeps what is newer in it than what is known.
   *
   * @throws {ForkedDeviceListError} when its list contradicts the one that is kept; nothing of the card is taken over
   * @throws {InvalidSignatureError} also when a later list says that its signer was no device of the person any more
   */
  learnCard(bytes: Uint8Array): Promise<ContactCard>
  /**
   * Verifies a list and returns the one that is kept: this one, or a known one with a higher sequence.
   *
   * @throws {ForkedDeviceListError | InvalidBytesError | InvalidSignatureError}
   */
  learnList(bytes: Uint8Array): Promise<DeviceList>
  /** Returns the newest known list of a person. */
  list(person: Did): Promise<DeviceList | undefined>
  /** Returns the newest known card of a person, as bytes to pass on. */
  card(person: Did): Promise<Uint8Array | undefined>
  /** Returns the person to whom a device belongs: the first of `personsOf`. A proxy may serve several; ask `personsOf` then. */
  personOf(device: Did): Promise<Did | undefined>
  /**
   * Returns everybody on whose newest list a device stands and is not revoked.
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

  const readList = async (person: Did): Promise<DeviceList | undefined> => {
    const cached = lists.get(person)
    if (cached !== undefined) return cached
    const bytes = await records.list(person)
    if (bytes === undefined) return undefined
    const list = await decodeDeviceList(bytes)
    lists.set(person, list)
    return list
  }

  /** Decides between a list and the kept one, and says what to write. */
  const accept = async (list: DeviceList): Promise<{ kept: DeviceList, changes: Change[] }> => {
    const kept = await readList(list.person)
    if (kept === undefined) return { kept: list, changes: records.putList(list, undefined) }
    if (kept.cid.equals(list.cid)) return { kept, changes: [] }
    if (contradicts(kept, list)) {
      log.warn('a person signed two device lists', { person: list.person, sequence: list.sequence })
      throw new ForkedDeviceListError({ person: list.person, sequence: list.sequence, kept: kept.cid, refused: list.cid })
    }
    if (list.sequence < kept.sequence) return { kept, changes: [] }
    checkSuccessor(kept, list)
    return { kept: list, changes: records.putList(list, kept) }
  }

  const commit = async (kept: DeviceList, changes: Change[]): Promise<void> => {
    if (changes.length > 0) await store.commit(changes)
    lists.set(kept.person, kept)
  }

  return {
    learnList: async bytes => await queue(async () => {
      const { kept, changes } = await accept(await decodeDeviceList(bytes))
      await commit(kept, changes)
      return kept
    }),
    learnCard: async bytes => await queue(async () => {
      const card = await decodeContactCard(bytes)
      const { kept, changes } = await accept(card.list)
      if (rolesOf(kept, card.signer, card.issued).length === 0) {
        throw new InvalidSignatureError('contact card', 'whoever signed it is no device of the person any more')
      }
      const person = kept.person
      if (await isNewer(card, await records.card(person))) changes.push(records.putCard(person, card.bytes))
      changes.push(...await records.putRoutes(person, card.routes, card.issued), ...await records.vouch(card.signer, person))
      await commit(kept, changes)
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

/** Tells whether two lists of one person cannot both belong to one chain, as far as the two of them show. */
function contradicts (kept: DeviceList, list: DeviceList): boolean {
  if (list.sequence === kept.sequence) return true
  if (list.sequence === kept.sequence + 1) return list.previous?.equals(kept.cid) !== true
  if (list.sequence === kept.sequence - 1) return kept.previous?.equals(list.cid) !== true
  return false
}

async function isNewer (card: ContactCard, known: Uint8Array | undefined): Promise<boolean> {
  if (known === undefined) return true
  const other = await decodeContactCard(known)
  if (card.list.sequence !== other.list.sequence) return card.list.sequence > other.list.sequence
  return card.issued > other.issued
}
