import { createSystemClock, silentLogger, systemRandom, type Logger, type Store } from '@parley/core'
import { createDeviceKeys, createDeviceList, createSigner, decodeContactCard, extendDeviceList, recoverySealingOf, type ContactCard, type DeviceKeys, type DeviceList, type DeviceRecord, type Signer } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { createParley, type Parley } from 'parley'
import { createProxy, type Proxy } from '../src/index.ts'

const clock = createSystemClock()

/** A proxy over loopback TCP that can be turned off. */
export interface House {
  proxy: Proxy
  store: Store
  stop(): Promise<void>
}

/** A person with one device, whose store stays when it is turned off. */
export interface Mover {
  did: string
  parley: Parley
  network: Network
  store: Store
  /** Stops the device and starts it again, as after a kill. */
  restart(): Promise<Parley>
  /** Another device of the person, made with their phrase and the card that a proxy gave. */
  restore(card: ContactCard): Promise<Running>
  stop(): Promise<void>
}

/** A device that is on. */
export interface Running {
  parley: Parley
  network: Network
  store: Store
  stop(): Promise<void>
}

export async function createHouse (name: string): Promise<House> {
  const keys = await newKeys()
  const store = createMemoryStore()
  const network = await createNetwork({ store, logger: silentLogger }, { seed: keys.seed, listen: ['/ip4/127.0.0.1/tcp/0'], hub: true })
  const proxy = await createProxy({ store, network, keys, clock, random: systemRandom, logger: silentLogger }, { name, platform: 'test', graceMs: 300 })
  let isStopped = false
  return {
    proxy,
    store,
    async stop () {
      if (isStopped) return
      isStopped = true
      await proxy.stop()
      await network.stop()
    }
  }
}

export async function createMover (name: string, logger: Logger = silentLogger): Promise<Mover> {
  const seed = systemRandom(32)
  const [person, keys, recovery, store] = [await createSigner(seed), await newKeys(), await recoverySealingOf(seed), createMemoryStore()]
  const list = await createDeviceList(person, { name, issued: clock.now(), recovery: recovery.publicKey, devices: [recordOf(keys, 'laptop')] })
  const init = { store, keys, list, personSigner: undefined, logger }
  let device = await startDevice(init)
  const mover: Mover = {
    did: person.did,
    parley: device.parley,
    network: device.network,
    store,
    async restart () {
      await device.stop()
      device = await startDevice(init)
      mover.parley = device.parley
      mover.network = device.network
      return device.parley
    },
    async restore (card) {
      const found = await decodeContactCard(card.bytes)
      const [keys, store] = [await newKeys(), createMemoryStore()]
      const list = await extendDeviceList(person, found.list, { add: [recordOf(keys, 'new laptop')] }, { at: clock.now() })
      const restored = await startDevice({ store, keys, list, personSigner: person, logger: logger.child('restored'), openers: [{ publicKey: person.publicKey, sealing: recovery }] })
      await restored.parley.people.learnCard(card.bytes)
      return restored
    },
    stop: async () => { await device.stop() }
  }
  return mover
}

function recordOf (keys: DeviceKeys, name: string): DeviceRecord {
  return { device: keys.did, sealing: keys.sealing.publicKey, name, platform: 'test', roles: ['endpoint', 'admin'], capabilities: ['voice'], added: clock.now() }
}

async function newKeys (): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: systemRandom(32), sealingSecret: systemRandom(32) })
}

async function startDevice ({ store, keys, list, personSigner, openers, logger }: { store: Store, keys: DeviceKeys, list: DeviceList, personSigner: Signer | undefined, openers?: Parameters<typeof createParley>[0]['openers'], logger: Logger }): Promise<Running> {
  const network = await createNetwork({ store, logger }, { seed: keys.seed, listen: [] })
  const parley = await createParley({ store, network, keys, list, personSigner, openers, clock, random: systemRandom, logger })
  return { parley, network, store, stop: async () => { await parley.stop(); await network.stop() } }
}
