import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { createPeople, didFromPeerId, type Did, type People } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { expect } from 'chai'
import { createPresence, type Presence, type PresenceTimers } from '../../src/index.ts'
import { createPerson, type CastPerson } from '../cast.ts'
import { countBytes } from './byte-counter.ts'

describe('presence over TCP on loopback', function () {
  this.timeout(60_000)
  const clock = createSystemClock()
  const closing: Array<() => Promise<void>> = []
  let alice: CastPerson
  let bob: CastPerson

  before(async () => {
    alice = await createPerson(1, { phone: ['endpoint'] }, clock.now())
    bob = await createPerson(2, { phone: ['endpoint'], proxy: ['proxy'] }, clock.now())
  })
  afterEach(async () => { for (const close of closing.splice(0).toReversed()) await close() })

  const up = async (person: CastPerson, device: string, { routes = [], serves, timers = {} }: { routes?: string[], serves?: Did, timers?: Partial<PresenceTimers> } = {}): Promise<{ presence: Presence, network: Network, people: People }> => {
    const keys = person.devices[device]?.keys
    if (keys === undefined) throw new RangeError(device)
    const people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    for (const { card } of [alice, bob]) await people.learnCard(card)
    if (routes.length > 0) await people.learnRoutes(bob.did, routes.map(address => ({ device: deviceAt(address), addresses: [address] })), Number.MAX_SAFE_INTEGER)
    const network = await createNetwork({ store: createMemoryStore(), logger: silentLogger, clock }, { seed: keys.seed, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const presence = await createPresence({ network, people, device: keys, person: serves === undefined ? person.did : () => [serves], clock, random: systemRandom, logger: silentLogger },
      { role: serves === undefined ? 'endpoint' : 'proxy', maySee: (asker, of) => asker === alice.did && of === bob.did, timers })
    closing.push(async () => { await presence.stop(); await network.stop() })
    return { presence, network, people }
  }
  const addressOf = (network: Network): string => network.addresses().find(address => address.includes('/tcp/')) ?? ''
  const becomes = async (presence: Presence, wanted: string): Promise<number> => await new Promise(resolve => {
    const look = (): boolean => {
      if (presence.getReachability(bob.did).reach !== wanted) return false
      resolve(clock.monotonicNow())
      return true
    }
    if (look()) return
    const off = presence.on('changed', () => { if (look()) off() })
  })

  it('is seen by a connected contact within 100 ms', async () => {
    const proxy = await up(bob, 'proxy', { serves: bob.did })
    const routes = [addressOf(proxy.network)]
    const phone = await up(bob, 'phone', { routes, timers: { statementGapMs: 1 } })
    const watcher = await up(alice, 'phone', { routes })
    watcher.presence.watch(bob.did)
    phone.presence.set({ availability: 'live' })
    await becomes(watcher.presence, 'live')
    const took: number[] = []
    for (let turn = 0; turn < 20; turn++) {
      const [availability, reach] = turn % 2 === 0 ? ['busy', 'busy'] as const : ['live', 'live'] as const
      await new Promise(resolve => { clock.setTimer(() => { resolve(undefined) }, 5) })
      const at = clock.monotonicNow()
      phone.presence.set({ availability })
      took.push(await becomes(watcher.presence, reach) - at)
    }
    expect(took.toSorted((a, b) => a - b)[10]).to.be.below(100)
    await phone.presence.stop()
    await becomes(watcher.presence, 'proxy-only')
    await proxy.presence.stop()
    await becomes(watcher.presence, 'unreachable')
  })

  it('costs less than 100 bytes a heartbeat for a contact alone at its proxy, every layer above TCP included', async () => {
    const timers = { beatMs: 100, deadMs: 5_000 }
    const proxy = await up(bob, 'proxy', { serves: bob.did, timers })
    const counter = await countBytes(addressOf(proxy.network))
    closing.push(counter.stop)
    const phone = await up(bob, 'phone', { routes: [addressOf(proxy.network)], timers })
    const watcher = await up(alice, 'phone', { routes: [counter.address], timers })
    watcher.presence.watch(bob.did)
    phone.presence.set({ availability: 'live' })
    await becomes(watcher.presence, 'live')
    // The connection's own pings, which come each 15 s, fall into few of the windows: the least is presence alone.
    const windows: number[] = []
    for (let window = 0; window < 3; window++) {
      const [before, from] = [counter.bytes(), clock.monotonicNow()]
      await new Promise(resolve => { clock.setTimer(() => { resolve(undefined) }, 20 * timers.beatMs) })
      // A busy machine wakes us late, and there were more heartbeats then.
      windows.push((counter.bytes() - before) / ((clock.monotonicNow() - from) / timers.beatMs))
    }
    // What a busy machine adds, as smaller pieces with a header each, is no part of it.
    expect(Math.min(...windows), 'bytes a heartbeat').to.be.within(30, 100)
    expect(watcher.presence.getReachability(bob.did).reach).to.equal('live')
  })
})

function deviceAt (address: string): Did {
  return didFromPeerId(address.split('/p2p/')[1] ?? '')
}
