import { createMemoryNetworks } from '@parley/compliance-tests'
import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { createPeople, peerIdFromDid } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { createPresence, type Availability, type Presence, type PresenceTimers } from '@parley/signalling'
import { machineMs, playRole } from '../harness/role.ts'
import { contact, proxyKeys, proxyOf } from './contacts.ts'

const contacts = new Map<number, Presence>()
let proxy: { presence: Presence, network: Network } | undefined

/** Over TCP for the watcher, in memory for the devices of the contacts, which live in this process too. */
function both (tcp: Network, memory: Network): Pick<Network, 'open' | 'handle' | 'peers' | 'on'> {
  return {
    open: tcp.open,
    peers: () => tcp.peers(),
    on: tcp.on,
    async handle (protocol, handler, init) {
      const ends = [await tcp.handle(protocol, handler, init), await memory.handle(protocol, handler, init)]
      return async () => { for (const end of ends) await end() }
    }
  }
}

export const role = {
  /** Starts proxy `number` of so many and the devices of its contacts, each of which is live; returns its address. */
  async begins (number: number, proxies: number, count: number, timers: Partial<PresenceTimers>): Promise<string> {
    const keys = await proxyKeys(number)
    const store = createMemoryStore()
    const people = createPeople({ store, logger: silentLogger })
    const memory = createMemoryNetworks()
    const clock = createSystemClock()
    const common = { people, clock, random: systemRandom, logger: silentLogger }
    const network = await createNetwork({ store, logger: silentLogger }, { seed: keys.seed, listen: ['/ip4/127.0.0.1/tcp/0'], hub: true })
    const served: string[] = []
    const presence = await createPresence({ ...common, network: both(network, await memory.join(keys.seed)), device: keys, person: () => served }, { role: 'proxy', maySee: () => true, timers })
    for (let index = 0; index < count; index++) {
      if (proxyOf(index, proxies) !== number) continue
      const { did, device, card } = await contact(index, keys)
      await people.learnCard(card)
      await people.learnRoutes(did, [{ device: keys.did, addresses: [`/memory/${peerIdFromDid(keys.did)}`] }], Date.now())
      served.push(did)
      const own = await createPresence({ ...common, network: await memory.join(device.seed), device, person: did }, { role: 'endpoint', platform: 'mobile', maySee: () => false, timers })
      own.set({ availability: 'live' })
      contacts.set(index, own)
    }
    proxy = { presence, network }
    return network.addresses().find(address => address.includes('/tcp/')) ?? ''
  },
  /** A contact's device says something else; returns when it did. */
  flips (number: number, availability: Availability): number {
    const own = contacts.get(number)
    if (own === undefined) throw new RangeError(`contact ${number} is not here`)
    const at = machineMs()
    own.set({ availability })
    return at
  },
  /** Returns what was refused, here and by the devices. */
  refused (): Array<Record<string, number>> {
    return [proxy?.presence, ...contacts.values()].map(presence => presence?.refusals() ?? {}).filter(refusals => Object.keys(refusals).length > 0)
  },
  async stops (): Promise<void> {
    for (const presence of contacts.values()) await presence.stop()
    await proxy?.presence.stop()
    await proxy?.network.stop()
  }
}

if (process.send !== undefined) playRole(role)
