import { createSeededRandom, createSystemClock, silentLogger, systemRandom, type Logger } from '@parley/core'
import { contactUrl, createDeviceKeys, createDeviceList, createPeople, createSigner, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import type { Store } from '@parley/core'
import type { OpusPacket } from '@parley/media'
import { createParley, enterSuccession, offerPairing, type Parley } from 'parley'
import { createProxy, type Proxy } from '../src/index.ts'

/** Somebody with a device that can be turned off and on, and a proxy, over loopback TCP and memory stores. */
export interface Somebody {
  name: string
  did: string
  parley: Parley
  proxy: Proxy
  proxyStore: Store
  proxyNetwork: Network
  proxyKeys: DeviceKeys
  /** Pairs another device with the first one, which has to be there. */
  addDevice(name: string): Promise<SecondDevice>
  store: Store
  keys: DeviceKeys
  personSigner: Signer
  /** Stops the device; its store stays. */
  away(): Promise<void>
  /** Starts the device again on the same store. */
  back(init?: { follow?: boolean }): Promise<Parley>
  /** Stops the proxy; its store and its addresses stay. */
  proxyAway(): Promise<void>
  proxyBack(): Promise<void>
  stop(): Promise<void>
}

/** A device that was paired. */
export interface SecondDevice {
  keys: DeviceKeys
  parley: Parley
  back(): Promise<Parley>
  stop(): Promise<void>
}

const clock = createSystemClock()

export async function createSomebody (name: string, { logger = silentLogger, graceMs = 500 }: { logger?: Logger, graceMs?: number } = {}): Promise<Somebody> {
  const personSigner = await createSigner(systemRandom(32))
  const keys = await newKeys()
  const proxyKeys = await newKeys()
  const list = await createDeviceList(personSigner, { name, issued: clock.now(), devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['endpoint', 'admin'], capabilities: ['voice'], added: clock.now() }] })
  const store = createMemoryStore()
  const proxyStore = createMemoryStore()
  let proxyNode = await startProxy(proxyStore, proxyKeys, logger.child(`${name}-proxy`), graceMs)
  let device = await startDevice(store, keys, list, personSigner, logger.child(name), false)
  await device.parley.addProxy(await proxyNode.proxy.claim())
  const somebody: Somebody = {
    name,
    did: personSigner.did,
    store,
    keys,
    personSigner,
    parley: device.parley,
    proxy: proxyNode.proxy,
    proxyStore,
    proxyKeys,
    proxyNetwork: proxyNode.network,
    async addDevice (deviceName) {
      const keys = await newKeys()
      const store = createMemoryStore()
      const list = await pair(device.parley, keys, deviceName, store)
      let second = await startDevice(store, keys, list, undefined, logger.child(deviceName), true)
      const added: SecondDevice = {
        keys,
        parley: second.parley,
        async back () {
          second = await startDevice(store, keys, list, undefined, logger.child(deviceName), true)
          added.parley = second.parley
          return second.parley
        },
        stop: async () => { await second.stop() }
      }
      await second.parley.sync()
      return added
    },
    async away () { await device.stop() },
    async back ({ follow = false } = {}) {
      device = await startDevice(store, keys, list, personSigner, logger.child(name), follow)
      somebody.parley = device.parley
      return device.parley
    },
    async proxyAway () { await proxyNode.stop() },
    async proxyBack () {
      proxyNode = await startProxy(proxyStore, proxyKeys, logger.child(`${name}-proxy`), graceMs, proxyNode.listen)
      somebody.proxy = proxyNode.proxy
      somebody.proxyNetwork = proxyNode.network
    },
    async stop () {
      await device.stop()
      await proxyNode.stop()
    }
  }
  return somebody
}

/** Two people who have each other's card. */
export async function introduce (one: Somebody, other: Somebody): Promise<void> {
  await one.parley.addContact(contactUrl(await other.proxy.card(other.did)))
  await other.parley.addContact(contactUrl(await one.proxy.card(one.did)))
}

/** The new device shows a code and the first one reads it. */
async function pair (first: Parley, keys: DeviceKeys, name: string, store: Store): Promise<DeviceList> {
  const network = await createNetwork({ store, logger: silentLogger }, { seed: keys.seed, listen: ['/ip4/127.0.0.1/tcp/0'] })
  try {
    const offer = await offerPairing({ network, keys, clock, random: systemRandom, logger: silentLogger }, {
      side: 'new',
      name,
      platform: 'test',
      roles: ['endpoint'],
      keep: async ({ card }) => { await createPeople({ store, logger: silentLogger }).learnCard(card) }
    })
    const theirs = await first.devices.acceptPairing(offer.url)
    const ours = await offer.waiting
    theirs.confirm()
    ours.confirm()
    const [{ list }] = await Promise.all([ours.done, theirs.done])
    return list
  } finally {
    await network.stop()
  }
}

async function newKeys (): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: systemRandom(32), sealingSecret: systemRandom(32) })
}

async function startProxy (store: Store, keys: DeviceKeys, logger: Logger, graceMs: number, listen = ['/ip4/127.0.0.1/tcp/0']): Promise<{ proxy: Proxy, network: Network, listen: string[], stop(): Promise<void> }> {
  const network: Network = await createNetwork({ store, logger }, { seed: keys.seed, listen, hub: true })
  const proxy = await createProxy({ store, network, keys, clock, random: systemRandom, logger }, { name: 'proxy', platform: 'test', graceMs })
  const bound = network.addresses().map(address => address.replace(/\/p2p\/.*$/, ''))
  return { proxy, network, listen: bound, stop: async () => { await proxy.stop(); await network.stop() } }
}

async function startDevice (store: Store, keys: DeviceKeys, list: DeviceList, personSigner: Signer | undefined, logger: Logger, follow: boolean): Promise<{ parley: Parley, stop(): Promise<void> }> {
  const current = await enterSuccession({ store, keys, clock, random: systemRandom, logger }, list)
  const network = await createNetwork({ store, logger }, { seed: keys.seed, listen: [] })
  const parley = await createParley({ store, network, keys, list: current, personSigner: personSigner?.did === current.person ? personSigner : undefined, clock, random: systemRandom, logger }, { follow })
  return { parley, stop: async () => { await parley.stop(); await network.stop() } }
}

/** Packets that only look like Opus: one byte says how long each is, the rest is seeded noise. */
export async function * packets (count: number, seed: number): AsyncGenerator<OpusPacket> {
  const random = createSeededRandom(seed)
  for (let index = 0; index < count; index++) {
    const data = random(80)
    // TOC of RFC 6716, 3.1: 20 ms, mono, one frame.
    data[0] = 0x78
    yield { data, samples: 960 }
  }
}

export async function bytesOf (audio: AsyncIterable<OpusPacket>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const { data } of audio) all.push(data)
  return all
}
