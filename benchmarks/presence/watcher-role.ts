import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { peerIdFromDid, type Did, type DeviceKeys } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { createPresence, type Presence, type PresenceReach, type PresenceTimers } from '@parley/signalling'
import { introduced, somebody } from '../harness/cast.ts'
import { machineMs, playRole } from '../harness/role.ts'
import { contact, proxyKeys, proxyOf } from './contacts.ts'

let node: { network: Network, presence: Presence, dids: Did[], changedAt: Map<Did, { reach: PresenceReach, at: number }>, changes: number, proxies: DeviceKeys[], addresses: string[] } | undefined

function started (): NonNullable<typeof node> {
  if (node === undefined) throw new RangeError('the node was not started')
  return node
}

export const role = {
  /** Starts the watcher, which knows all contacts and where their proxies are. */
  async begins (count: number, addresses: string[], timers: Partial<PresenceTimers>): Promise<void> {
    const who = await somebody(0)
    const store = createMemoryStore()
    const people = await introduced(store, [who])
    const proxies = await Promise.all(addresses.map(async (_, number) => await proxyKeys(number)))
    const dids: Did[] = []
    for (let index = 0; index < count; index++) {
      const number = proxyOf(index, addresses.length)
      const [keys, address] = [proxies[number], addresses[number]]
      if (keys === undefined || address === undefined) throw new RangeError('a proxy is missing')
      const { did, card } = await contact(index, keys)
      await people.learnCard(card)
      await people.learnRoutes(did, [{ device: keys.did, addresses: [address] }], Date.now())
      dids.push(did)
    }
    const network = await createNetwork({ store, logger: silentLogger }, { seed: who.device.seed, listen: [] })
    const presence = await createPresence({ network, people, device: who.device, person: who.did, clock: createSystemClock(), random: systemRandom, logger: silentLogger }, { role: 'endpoint', maySee: () => false, timers })
    const own = node = { network, presence, dids, changedAt: new Map<Did, { reach: PresenceReach, at: number }>(), changes: 0, proxies, addresses }
    presence.on('changed', ({ did, reachability }) => {
      own.changes++
      if (own.changedAt.get(did)?.reach !== reachability.reach) own.changedAt.set(did, { reach: reachability.reach, at: machineMs() })
    })
  },
  /** Connects to the proxies without watching anybody. */
  async connects (): Promise<void> {
    const { network, proxies, addresses } = started()
    await Promise.all(proxies.map(async ({ did }, number) => { await network.connect({ peer: peerIdFromDid(did), addresses: [addresses[number] ?? ''] }) }))
  },
  /** Watches every contact. */
  watches (): void {
    const { presence, dids } = started()
    for (const did of dids) presence.watch(did)
  },
  /** Returns how many contacts are live. */
  live (): number {
    const { presence, dids } = started()
    return dids.filter(did => presence.getReachability(did).reach === 'live').length
  },
  /** Returns how often anything was told to have changed. */
  changes: (): number => started().changes,
  /** Returns when the contact became so, if it is. */
  became (number: number, reach: PresenceReach): number | undefined {
    const { changedAt, dids } = started()
    const changed = changedAt.get(dids[number] ?? '')
    return changed?.reach === reach ? changed.at : undefined
  },
  refused: (): Record<string, number> => started().presence.refusals(),
  /** Returns the bytes in use after a collection. */
  memoryBytes (): number {
    (globalThis as { gc?: () => void }).gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  },
  async stops (): Promise<void> {
    await started().presence.stop()
    await started().network.stop()
  }
}

if (process.send !== undefined) playRole(role)
