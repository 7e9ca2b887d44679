import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, createVirtualClock, silentLogger, type Logger, type RandomBytes, type Store, type VirtualClock } from '@parley/core'
import {
  createContactCard, createContacts, createDeviceKeys, createDeviceList, createPeople, createSigner, peerIdFromDid,
  type ContactCard, type Contacts, type DeviceKeys, type DeviceList, type Did, type People, type Role, type Signer
} from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import { createProfileServer, createProfiles, type DeviceRoute, type ProfileServer, type Profiles } from '../../src/index.ts'

/** A device of somebody on a network in memory. */
export interface Node {
  keys: DeviceKeys
  store: Store
  people: People
  contacts: Contacts
  network: Network
  route: DeviceRoute
  clock: VirtualClock
  random: RandomBytes
  logger: Logger
}

/** A person, their device list and nodes. */
export interface Somebody {
  did: Did
  signer: Signer
  list: DeviceList
  nodes: Record<string, Node>
  node(device: string): Node
  /** A fresh card with the routes of all devices, or of those named. */
  card(devices?: string[]): Promise<ContactCard>
}

export interface World {
  clock: VirtualClock
  networks: MemoryNetworks
  somebody(name: string, roles: Record<string, Role[]>): Promise<Somebody>
}

export function createWorld (): World {
  const clock = createVirtualClock()
  const random = createSeededRandom(7)
  const networks = createMemoryNetworks()
  return {
    clock, networks,
    async somebody (name, roles) {
      const signer = await createSigner(random(32))
      const keys = new Map<string, DeviceKeys>()
      for (const device of Object.keys(roles)) keys.set(device, await createDeviceKeys({ seed: random(32), sealingSecret: random(32) }))
      const list = await createDeviceList(signer, {
        name,
        issued: clock.now(),
        devices: [...keys].map(([device, { did, sealing }]) => ({ device: did, sealing: sealing.publicKey, name: device, platform: 'test', roles: roles[device] ?? [], capabilities: [], added: clock.now() }))
      })
      const nodes: Record<string, Node> = {}
      for (const [device, own] of keys) {
        const store = createMemoryStore()
        const people = createPeople({ store, logger: silentLogger })
        await people.learnList(list.bytes)
        const network = await networks.join(own.seed, { store })
        const route = { device: own.did, name: device, peer: peerIdFromDid(own.did), addresses: network.addresses() }
        nodes[device] = { keys: own, store, people, network, route, clock, random, logger: silentLogger, contacts: await createContacts({ store, people, clock, random }) }
      }
      const [first] = keys.values()
      return {
        did: signer.did, signer, list, nodes,
        node: device => given(nodes[device]),
        card: async (devices = Object.keys(nodes)) => await createContactCard(given(first).signer, {
          list, issued: clock.now(), expires: clock.now() + 3_600_000, routes: devices.map(name => given(nodes[name]).route).map(({ device, addresses }) => ({ device, addresses }))
        })
      }
    }
  }
}

/** Returns what the test is sure to be there. */
export function given<T> (value: T | null | undefined): T {
  if (value === null || value === undefined) throw new RangeError('it is not there')
  return value
}

/** Opens the profiles of somebody's device. */
export async function profilesOf (person: Somebody, device: string, correspondents: () => Did[] = () => []): Promise<Profiles> {
  return await createProfiles({ ...person.node(device), correspondents: async () => correspondents() }, { person: person.did })
}

/** Opens what somebody's proxy keeps. */
export async function proxyOf (person: Somebody, device = 'proxy'): Promise<ProfileServer> {
  return await createProfileServer(person.node(device), { serves: () => [person.did] })
}

/** Lets everything that can happen by itself happen. */
export async function until (isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 4000 && !isTrue(); turn++) await new Promise(resolve => { setImmediate(resolve) })
  if (!isTrue()) throw new RangeError(`did not happen: ${isTrue.toString()}`)
}

/** Returns the name of the error with which `run` ends, or `'no error'`. */
export async function nameOfError (run: () => unknown): Promise<string> {
  try {
    await run()
    return 'no error'
  } catch (error) {
    return (error as Error).name
  }
}
