import { createSystemClock, silentLogger, systemRandom, type AbortOptions, type Store } from '@parley/core'
import { contactUrl, createDeviceKeys, createDeviceList, createSigner, type Did } from '@parley/identity'
import { createMemoryStore, createNetwork, type FrameStream, type Network } from '@parley/network'
import type { SenderQuotaInit } from '@parley/voice'
import { createParley, createPolicyClient, devicesWith, type Parley, type PolicyClient } from 'parley'
import { createProxy, type Proxy as PersonsProxy } from '../src/index.ts'

const clock = createSystemClock()
const logger = silentLogger

/** A device of somebody that hears every frame others send it. */
export interface Caller {
  did: Did
  parley: Parley
  policy: PolicyClient
  network: Network
  /** Protocol and size of each frame that came, in order. */
  heard: string[]
  stop(): Promise<void>
}

/** Somebody with a proxy. */
export interface Host extends Caller {
  proxy: PersonsProxy
  proxyStore: Store
  /** Stops the device. */
  away(): Promise<void>
  /** Hands the policy to the proxy, and waits until it has it. */
  hand(): Promise<void>
  restartProxy(): Promise<void>
}

/** Starts a device over loopback TCP. */
export async function createCaller (name: string): Promise<Caller> {
  const personSigner = await createSigner(systemRandom(32))
  const keys = await createDeviceKeys({ seed: systemRandom(32), sealingSecret: systemRandom(32) })
  const list = await createDeviceList(personSigner, { name, issued: clock.now(), devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['endpoint', 'admin'], capabilities: ['voice'], added: clock.now() }] })
  const store = createMemoryStore()
  const heard: string[] = []
  const node = await createNetwork({ store, logger }, { seed: keys.seed, listen: [] })
  const network = eavesdropped(node, heard)
  const parley = await createParley({ store, network, keys, list, personSigner, clock, random: systemRandom, logger })
  const policy = await createPolicyClient({ store, network, people: parley.people, keys, clock, logger }, { person: personSigner.did })
  return {
    did: personSigner.did, parley, policy, network, heard,
    async stop () {
      await policy.stop()
      await parley.stop()
      await node.stop()
    }
  }
}

/** Starts somebody with a proxy that serves them. */
export async function createHost (name: string, { quota }: { quota?: SenderQuotaInit } = {}): Promise<Host> {
  const caller = await createCaller(name)
  const keys = await createDeviceKeys({ seed: systemRandom(32), sealingSecret: systemRandom(32) })
  const proxyStore = createMemoryStore()
  const start = async (listen: string[]): Promise<{ proxy: PersonsProxy, listen: string[], stop(): Promise<void> }> => {
    const network = await createNetwork({ store: proxyStore, logger }, { seed: keys.seed, listen, hub: true })
    const proxy = await createProxy({ store: proxyStore, network, keys, clock, random: systemRandom, logger }, { name: 'proxy', platform: 'test', graceMs: 500, quota })
    return { proxy, listen: network.addresses().map(address => address.replace(/\/p2p\/.*$/, '')), stop: async () => { await proxy.stop(); await network.stop() } }
  }
  let node = await start(['/ip4/127.0.0.1/tcp/0'])
  await caller.parley.addProxy(await node.proxy.claim())
  const host: Host = {
    ...caller,
    proxy: node.proxy,
    proxyStore,
    away: async () => { await caller.stop() },
    async hand () {
      for (const proxy of await devicesWith(caller.parley.people, caller.did, 'proxy', clock.now())) await caller.policy.exchange(proxy)
    },
    async restartProxy () {
      await node.stop()
      node = await start(node.listen)
      host.proxy = node.proxy
    },
    async stop () {
      await caller.stop()
      await node.stop()
    }
  }
  return host
}

export async function meet (who: Caller, whom: Host): Promise<void> {
  await who.parley.addContact(contactUrl(await whom.proxy.card(whom.did)), { name: 'Host' })
}

/** Writes down the frames that a node hears on streams it opened. */
function eavesdropped (network: Network, heard: string[]): Network {
  const wrap = (stream: FrameStream): FrameStream => {
    const receive = async (options?: AbortOptions): Promise<Uint8Array | undefined> => {
      const frame = await stream.receive(options)
      heard.push(`${stream.protocol} ${frame?.byteLength ?? 'closed'}`)
      return frame
    }
    return new Proxy(stream, { get: (target, key) => key === 'receive' ? receive : bound(target, key) })
  }
  const open: Network['open'] = async (...args) => wrap(await network.open(...args))
  return new Proxy(network, { get: (target, key) => key === 'open' ? open : bound(target, key) })
}

function bound<T extends object> (target: T, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target)
  return typeof value === 'function' ? value.bind(target) as unknown : value
}
