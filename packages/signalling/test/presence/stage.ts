import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, createVirtualClock, silentLogger, type Clock, type VirtualClock } from '@parley/core'
import { createPeople, extendDeviceList, peerIdFromDid, type DeviceKeys, type Did, type People } from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import { createPresence, type OwnState, type Platform, type Presence, type PresenceTimers, type Reachability } from '../../src/index.ts'
import { until, type CastPerson } from '../cast.ts'

/** One device with presence in a test. */
export interface Actor {
  person: CastPerson
  keys: DeviceKeys
  network: Pick<Network, 'peerId' | 'open' | 'handle' | 'peers' | 'on' | 'connect'>
  people: People
  presence: Presence
  clock: Clock
  /** What was told of persons, in order. */
  told: Array<{ did: Did, reachability: Reachability }>
  skews: Array<{ device: Did, offsetMs: number }>
}

export interface Stage {
  clock: VirtualClock
  networks: MemoryNetworks
  /** Who may see whom, as `asker of`; everybody else may not. */
  allowed: Set<string>
  up(person: CastPerson, device: string, init?: { knows?: CastPerson[], serves?: () => Did[], platform?: Platform, clock?: Clock, network?: Actor['network'], timers?: Partial<PresenceTimers>, people?: People }): Promise<Actor>
  /** Moves time on until something is true. */
  until(isTrue: () => boolean, options?: { stepMs?: number }): Promise<void>
  stop(): Promise<void>
}

/** Builds a stage on which devices meet in memory, in virtual time. */
export function createStage (): Stage {
  const clock = createVirtualClock()
  const networks = createMemoryNetworks({ clock, latencyMs: 1 })
  const actors: Actor[] = []
  const allowed = new Set<string>()
  return {
    clock,
    networks,
    allowed,
    async up (person, device, { knows = [], serves, platform, clock: own = clock, network, timers, people: known } = {}) {
      const keys = person.devices[device]?.keys
      if (keys === undefined) throw new RangeError(`no device ${device}`)
      const people = known ?? createPeople({ store: createMemoryStore(), logger: silentLogger })
      for (const somebody of known === undefined ? [person, ...knows] : []) await introduce(people, somebody)
      const joined = network ?? await networks.join(keys.seed)
      const presence = await createPresence({
        network: joined, people, device: keys, person: serves ?? person.did, clock: own, random: createSeededRandom(actors.length + 1), logger: silentLogger
      }, {
        role: serves === undefined ? 'endpoint' : 'proxy', maySee: (asker, of) => allowed.has(`${asker} ${of}`),
        ...(platform === undefined ? {} : { platform }), ...(timers === undefined ? {} : { timers })
      })
      const actor: Actor = { person, keys, network: joined, people, presence, clock: own, told: [], skews: [] }
      presence.on('changed', change => { actor.told.push(change) })
      presence.on('clock-skew', skew => { actor.skews.push(skew) })
      actors.push(actor)
      return actor
    },
    async until (isTrue, { stepMs = 50 } = {}) { await until(clock, isTrue, { stepMs }) },
    async stop () {
      let done = false
      void Promise.all(actors.map(async ({ presence }) => { await presence.stop() })).then(() => { done = true })
      await until(clock, () => done, { stepMs: 50 })
    }
  }
}

/** Lets a device know somebody, at their addresses in memory. */
export async function introduce (people: People, { did, card, devices }: CastPerson): Promise<void> {
  await people.learnCard(card)
  const routes = Object.values(devices).map(({ keys }) => ({ device: keys.did, addresses: [`/memory/${peerIdFromDid(keys.did)}`] }))
  await people.learnRoutes(did, routes, Number.MAX_SAFE_INTEGER)
}

/** Creates the list on which `device` is revoked. */
export async function revoked (person: CastPerson, signer: Parameters<typeof extendDeviceList>[0], device: string, at: number): Promise<Uint8Array> {
  const list = await extendDeviceList(signer, person.list, { revoke: [person.devices[device]?.keys.did ?? ''] }, { at })
  return list.bytes
}

/** A device's clock that is wrong, but runs as fast. */
export function wrongClock (clock: Clock, offsetMs: number): Clock {
  return { ...clock, now: () => clock.now() + offsetMs }
}

/** What the app says of a device at which the person is. */
export const LIVE: OwnState = { availability: 'live' }

/** The peer id of somebody's device. */
export function peerOf (person: CastPerson, device: string): string {
  const keys = person.devices[device]?.keys
  if (keys === undefined) throw new RangeError(device)
  return peerIdFromDid(keys.did)
}
