import type { Clock, Logger, Store } from '@parley/core'
import type { Home } from '@parley/conversations'
import { extendDeviceList, rolesOf, type Contacts, type DeviceKeys, type DeviceList, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { CardNews } from '../card-news.ts'
import { makeOwnCard } from '../own-card.ts'
import { FORMER_COLLECTION } from './bring-along.ts'
import { listFormer, putFormer } from './former-records.ts'

export interface FormersComponents {
  store: Store
  network: Network
  people: People
  home: Home
  keys: DeviceKeys
  clock: Clock
  logger: Logger
}

/** The keys that our person had before. What was said with them is ours, and what still comes for them too. */
export interface Formers {
  /** Returns those keys for which this device may still act. */
  persons(): Did[]
  /** Tells whether somebody is our person, by whichever key. */
  isOwn(person: Did): boolean
  /** Returns a card of each key for which this device may act; it names the successor. */
  cards(): Promise<Uint8Array[]>
  /** Makes our card due to all contacts, once. */
  tell(news: Pick<CardNews, 'due'>, contacts: Contacts): Promise<void>
  /** Revokes, on the lists of former keys too, what our list revokes: what still comes for an old key is not for those devices. */
  revoke(list: DeviceList): Promise<void>
  stop(): Promise<void>
}

/** Opens the former keys of `person`: those this device had itself, and those that the home log tells of. */
export async function openFormers ({ store, network, people, home, keys, clock, logger }: FormersComponents, person: Did): Promise<Formers> {
  const own = new Set<Did>([person])
  const acting = new Set<Did>()
  let learning: Promise<void> = Promise.resolve()

  /** Counts a key whose list leads to ours: each step was signed by both keys. */
  const add = async (former: Did): Promise<void> => {
    const seen = new Set<Did>()
    for (let at: Did | undefined = former; at !== undefined && !seen.has(at); at = (await people.list(at))?.successor) {
      seen.add(at)
      if (at !== person) continue
      own.add(former)
      const list = await people.list(former)
      if (former !== person && list !== undefined && rolesOf(list, keys.did, clock.now()).length > 0) acting.add(former)
    }
  }
  const learn = async (former: Did, bytes: Uint8Array): Promise<void> => {
    try {
      if ((await people.learnList(bytes)).person === former) await add(former)
    } catch (error) {
      logger.warn('the list of a former key could not be learned', { person: former, error })
    }
  }
  const off = home.on('changed', ({ collection, key, value }) => {
    if (collection === FORMER_COLLECTION && value !== undefined) learning = learning.then(async () => { await learn(key, value) })
  })
  for (const { person: former } of await listFormer(store)) await add(former)
  for await (const { key, value } of home.list(FORMER_COLLECTION)) await learn(key, value)

  return {
    persons: () => [...acting],
    isOwn: did => own.has(did),
    cards: async () => await Promise.all([...acting].map(async former => (await makeOwnCard({ people, keys, network, clock }, former)).bytes)),
    async tell (news, contacts) {
      for (const record of await listFormer(store)) {
        if (record.told || !acting.has(record.person)) continue
        const known: Did[] = []
        for await (const { did, type } of contacts.list()) if (type !== 'group' && type !== 'team' && type !== 'alias') known.push(did)
        await news.due(known)
        await store.commit([putFormer({ ...record, told: true })], { durable: true })
      }
    },
    async revoke ({ devices }) {
      const now = Math.floor(clock.now())
      for (const former of acting) {
        const list = await people.list(former)
        if (list === undefined || !rolesOf(list, keys.did, now).includes('admin')) continue
        const gone = devices.filter(({ device, revoked }) => revoked !== undefined && rolesOf(list, device, now).length > 0).map(({ device }) => device)
        if (gone.length > 0) await people.learnList((await extendDeviceList(keys.signer, list, { revoke: gone }, { at: now })).bytes)
      }
    },
    async stop () {
      off()
      await learning
    }
  }
}
