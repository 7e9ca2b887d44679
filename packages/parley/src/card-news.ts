import { createCodec, type AbortOptions, type Clock, type Logger, type Store } from '@parley/core'
import type { ContactCard, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import * as z from 'zod/mini'
import { fetchCard } from './card-exchange.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'

export interface CardNewsComponents {
  store: Store
  network: Network
  people: People
  /** Makes our card from what `people` knows now. */
  card(): Promise<{ bytes: Uint8Array }>
  /** Makes cards of the keys that our person had before; they name the successor. @default none */
  formerCards?: (() => Promise<Uint8Array[]>) | undefined
  clock: Clock
  logger: Logger
}

/** Brings our newest card to those who should have it, and learns theirs in turn. */
export interface CardNews {
  /** Notes, durably, that these people need our card. */
  due(persons: Iterable<Did>): Promise<void>
  /** Returns who is due still. */
  waiting(): Promise<Did[]>
  /** Tries everybody who is due; who could not be reached stays so. */
  flush(options?: AbortOptions): Promise<void>
  /** Exchanges cards with one person now; false when nobody of theirs could be reached. */
  exchange(person: Did, options?: AbortOptions): Promise<boolean>
  /** Gives one device our cards, those of former keys first, and asks it for that of `person`. @throws what `fetchCard` throws */
  introduce(target: DeviceRoute, person: Did, options?: AbortOptions): Promise<ContactCard>
}

const PREFIX = '/parley/card-due/'
const AT_ONCE = 8

const codec = createCodec('card due', z.strictObject({ v: z.literal(1) }), { maxBytes: 32 })

export function createCardNews ({ store, network, people, card, formerCards = async () => [], clock, logger }: CardNewsComponents): CardNews {
  const introduce: CardNews['introduce'] = async (target, person, { signal } = {}) => {
    // Who knows an old key alone has to hear first that the new one follows it.
    for (const former of await formerCards()) {
      await fetchCard({ network, clock }, target, person, { card: former, signal }).catch((error: unknown) => {
        signal?.throwIfAborted()
        logger.debug('a former key could not be told of', { device: target.device, error })
      })
    }
    return await fetchCard({ network, clock }, target, person, { card: (await card()).bytes, signal })
  }
  const exchange = async (person: Did, { signal }: AbortOptions = {}): Promise<boolean> => {
    const now = clock.now()
    const targets = [...await devicesWith(people, person, 'proxy', now), ...await devicesWith(people, person, 'endpoint', now)]
    const connected = new Set(network.peers().map(({ peer }) => peer))
    let isReached = false
    for (const target of targets.filter(({ peer, addresses }) => addresses.length > 0 || connected.has(peer))) {
      try {
        const { bytes } = await introduce(target, person, { signal })
        isReached = true
        await people.learnCard(bytes)
      } catch (error) {
        signal?.throwIfAborted()
        logger.debug('a card could not be exchanged', { person, device: target.device, error })
      }
    }
    return isReached
  }
  const waiting = async (): Promise<Did[]> => {
    const persons: Did[] = []
    for await (const { key } of store.entries(PREFIX)) persons.push(key.slice(PREFIX.length))
    return persons
  }
  return {
    exchange,
    introduce,
    waiting,
    async due (persons) {
      const changes = [...persons].map(person => ({ type: 'put' as const, key: PREFIX + person, value: codec.encode({ v: 1 }) }))
      if (changes.length > 0) await store.commit(changes, { durable: true })
    },
    async flush ({ signal } = {}) {
      const rest = (await waiting()).values()
      const worker = async (): Promise<void> => {
        for (const person of rest) {
          signal?.throwIfAborted()
          if (await exchange(person, { signal })) await store.commit([{ type: 'delete', key: PREFIX + person }])
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    }
  }
}
