import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, createVirtualClock, silentLogger, type Store, type VirtualClock } from '@parley/core'
import { createDeviceKeys, createDeviceList, createPeople, createSigner, peerIdFromDid, type DeviceKeys, type DeviceList, type People, type Role, type Signer } from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import type { DeviceRoute } from '../../src/index.ts'

/** A device of somebody on a network in memory. */
export interface Node {
  keys: DeviceKeys
  store: Store
  people: People
  network: Network
  route: DeviceRoute
  clock: VirtualClock
  logger: typeof silentLogger
}

export interface Cast {
  clock: VirtualClock
  networks: MemoryNetworks
  person: Signer
  list: DeviceList
  node(name: string): Promise<Node>
}

/** Somebody with the devices named, and their list known to each. */
export async function createCast (roles: Record<string, Role[]>, seed = 1): Promise<Cast> {
  const clock = createVirtualClock()
  const random = createSeededRandom(seed)
  const networks = createMemoryNetworks()
  const person = await createSigner(random(32))
  const keys = new Map<string, DeviceKeys>()
  for (const name of Object.keys(roles)) keys.set(name, await createDeviceKeys({ seed: random(32), sealingSecret: random(32) }))
  const list = await createDeviceList(person, {
    name: `Person ${seed}`,
    issued: clock.now(),
    devices: [...keys].map(([name, { did, sealing }]) => ({ device: did, sealing: sealing.publicKey, name, platform: 'test', roles: roles[name] ?? [], capabilities: [], added: clock.now() }))
  })
  return {
    clock, networks, person, list,
    async node (name) {
      const own = keys.get(name)
      if (own === undefined) throw new RangeError(`no device ${name}`)
      const store = createMemoryStore()
      const people = createPeople({ store, logger: silentLogger })
      await people.learnList(list.bytes)
      const network = await networks.join(own.seed)
      return { keys: own, store, people, network, route: { device: own.did, name, peer: peerIdFromDid(own.did), addresses: network.addresses() }, clock, logger: silentLogger }
    }
  }
}

/** Lets everything that can happen by itself happen. */
export async function until (isTrue: () => boolean): Promise<void> {
  // By the real clock: keys and signatures are computed beside this thread, however busy the machine is.
  const giveUpAt = performance.now() + 10_000
  while (performance.now() < giveUpAt && !isTrue()) await new Promise(resolve => { setImmediate(resolve) })
  if (!isTrue()) throw new RangeError(`did not happen: ${isTrue.toString()}`)
}
