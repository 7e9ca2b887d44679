import { StoppedError, createEmitter, raceSignal, type AbortOptions, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { PreKeys } from '@parley/conversations'
import { createPreKeySecrets, didFromPeerId, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from '../routes.ts'
import { fetchPreKeys } from './fetch.ts'
import { supplyPreKeys } from './supply.ts'
import { openTakenPreKeys } from './taken-pre-keys.ts'

export interface PreKeyClientEvents extends Record<string, unknown> {
  /** A proxy of our person has the keys it needs. */
  supplied: { proxy: Did, left: number }
  /** One-time keys of somebody's devices were fetched. */
  fetched: { person: Did, count: number }
}

/**
 * A device's pre-keys: keeps the proxies of its person supplied while they are
 * connected, and fetches some of other people's whenever a proxy of theirs is.
 * As `preKeys` it goes into `createConversations`.
 */
export interface PreKeyClient extends PreKeys, Emitter<PreKeyClientEvents> {
  /** Resolves once a proxy of ours has what it needs; it goes on being supplied while it is connected. @throws what `supplyPreKeys` throws */
  supply(proxy: DeviceRoute, options?: AbortOptions): Promise<void>
  /** Asks the proxies of a person in turn, connecting where needed, and returns how many one-time keys came. One that gives none is logged. */
  prefetch(person: Did, options?: AbortOptions): Promise<number>
  stop(): Promise<void>
}

export interface PreKeyClientComponents {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
}

const DAY_MS = 24 * 3600 * 1000
/** Beyond this a proxy only makes us fill our disk with secrets. */
const BATCHES_PER_DAY = 24

/** Opens the pre-keys of this device, and those it has of others. */
export async function createPreKeyClient (components: PreKeyClientComponents, { person }: { person: Did }): Promise<PreKeyClient> {
  const { network, people, clock } = components
  const logger = components.logger.child('pre-keys')
  const events = createEmitter<PreKeyClientEvents>(logger)
  const secrets = createPreKeySecrets(components, { person })
  const taken = await openTakenPreKeys(components)
  const stopping = new AbortController()
  const { signal } = stopping
  const underWay = new Set<Promise<unknown>>()
  const supplying = new Map<Did, Promise<void>>()
  const fetching = new Map<Did, Promise<number>>()
  const batches = new Map<Did, { day: number, count: number }>()

  const background = (what: string, work: () => Promise<unknown>): void => {
    const done: Promise<unknown> = work().catch((error: unknown) => {
      if (!signal.aborted) logger.warn(what, { error })
    }).finally(() => underWay.delete(done))
    underWay.add(done)
  }
  const mayPut = (proxy: Did): boolean => {
    const day = Math.floor(clock.now() / DAY_MS)
    const before = batches.get(proxy)
    const count = before?.day === day ? before.count + 1 : 1
    batches.set(proxy, { day, count })
    return count <= BATCHES_PER_DAY
  }
  const supply = async (proxy: DeviceRoute): Promise<void> => {
    const known = supplying.get(proxy.device)
    if (known !== undefined) return await known
    const promise = new Promise<void>((resolve, reject) => {
      background('a proxy could not be supplied with pre-keys', async () => {
        try {
          await supplyPreKeys({ ...components, secrets, mayPut }, proxy, person, {
            signal,
            supplied (left) {
              events.emit('supplied', { proxy: proxy.device, left })
              resolve()
            }
          })
          reject(new StoppedError('The stream to the proxy'))
        } catch (error) {
          reject(error)
          // A connection that ends is how most of them end.
          if ((error as Error).name !== 'StreamClosedError') throw error
        } finally {
          supplying.delete(proxy.device)
        }
      })
    })
    supplying.set(proxy.device, promise)
    await promise
  }
  /** One question to a proxy at a time, so that two do not fetch for one need. */
  const fetch = async (proxy: DeviceRoute, whose: Did): Promise<number> => {
    const before = fetching.get(whose)
    const mine = (async () => {
      await before?.catch(() => {})
      signal.throwIfAborted()
      const count = await fetchPreKeys({ ...components, taken }, proxy, { own: person, person: whose }, { signal })
      if (count > 0) events.emit('fetched', { person: whose, count })
      return count
    })()
    fetching.set(whose, mine)
    try {
      return await mine
    } finally {
      if (fetching.get(whose) === mine) fetching.delete(whose)
    }
  }
  const meet = async (peer: string): Promise<void> => {
    for (const whose of await people.personsOf(didFromPeerId(peer))) {
      const proxy = (await devicesWith(people, whose, 'proxy', clock.now())).find(route => route.peer === peer)
      if (proxy === undefined) continue
      // How it ends is logged there.
      if (whose === person) supply(proxy).catch(() => {})
      else background('pre-keys could not be fetched', async () => await fetch(proxy, whose))
    }
  }
  const refill = async (whose: Did): Promise<void> => {
    const connected = new Set(network.peers().map(({ peer }) => peer))
    for (const proxy of await devicesWith(people, whose, 'proxy', clock.now())) if (connected.has(proxy.peer)) await fetch(proxy, whose)
  }
  network.on('peer:connect', ({ peer }) => { background('whose proxy this is could not be found out', async () => { await meet(peer) }) }, { signal })

  return {
    on: events.on,
    open: secrets.open,
    used: secrets.used,
    async take (devices) {
      const found = await taken.take(devices)
      for (const whose of new Set([...found.values()].map(one => one.person))) background('pre-keys could not be fetched again', async () => { await refill(whose) })
      return found
    },
    supply: async (proxy, options = {}) => { await raceSignal(supply(proxy), options.signal) },
    async prefetch (whose, options = {}) {
      let count = 0
      for (const proxy of await devicesWith(people, whose, 'proxy', clock.now())) {
        try {
          count += await raceSignal(fetch(proxy, whose), options.signal)
        } catch (error) {
          options.signal?.throwIfAborted()
          logger.warn('pre-keys could not be fetched', { proxy: proxy.device, error })
        }
      }
      return count
    },
    async stop () {
      if (signal.aborted) return
      stopping.abort(new StoppedError('The pre-key client'))
      await Promise.allSettled([...underWay, ...fetching.values()])
    }
  }
}
