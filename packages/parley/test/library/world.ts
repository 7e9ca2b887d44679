import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSystemClock, silentLogger, systemRandom, type Store } from '@parley/core'
import { contactUrl, createDeviceKeys, createDeviceList, createSigner, extendDeviceList, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import { createParley, type Parley, type ParleyInit } from '../../src/index.ts'

/** A device of somebody, which can be turned off and on. */
export interface Device {
  did: string
  keys: DeviceKeys
  store: Store
  network: Network
  parley: Parley
  stop(): Promise<void>
  start(init?: ParleyInit, wrap?: (store: Store) => Store): Promise<Parley>
}

/** Somebody without a proxy. */
export interface Person {
  signer: Signer
  first: Device
  /** Adds a device that knows what the first one knows of the person. */
  add(name: string): Promise<Device>
}

export interface World {
  networks: MemoryNetworks
  person(name: string): Promise<Person>
  stop(): Promise<void>
}

const clock = createSystemClock()

/** People whose devices meet in memory, by the system's clock. */
export function createWorld (): World {
  const networks = createMemoryNetworks()
  const devices: Device[] = []

  const createDevice = async (keys: DeviceKeys, list: () => DeviceList, personSigner: Signer | undefined): Promise<Device> => {
    const store = createMemoryStore()
    let [isOn, network] = [true, await networks.join(keys.seed, { store })]
    const open = async (init: ParleyInit, wrap: (store: Store) => Store): Promise<Parley> => await createParley({ store: wrap(store), network, keys, list: list(), personSigner, clock, random: systemRandom, logger: silentLogger }, init)
    const device: Device = {
      did: keys.did, keys, store, network,
      parley: await open({}, store => store),
      async stop () {
        if (!isOn) return
        isOn = false
        await device.parley.stop()
        await network.stop()
      },
      async start (init = {}, wrap = store => store) {
        isOn = true
        network = await networks.join(keys.seed, { store })
        device.network = network
        device.parley = await open(init, wrap)
        return device.parley
      }
    }
    devices.push(device)
    return device
  }
  return {
    networks,
    async person (name) {
      const signer = await createSigner(systemRandom(32))
      const keys = await newKeys()
      const list = await createDeviceList(signer, { name, issued: clock.now(), devices: [recordOf(keys, 'laptop')] })
      let newest = list
      const person: Person = {
        signer,
        first: await createDevice(keys, () => newest, signer),
        async add (deviceName) {
          const keys = await newKeys()
          newest = await extendDeviceList(signer, newest, { add: [recordOf(keys, deviceName)] }, { at: clock.now() })
          await person.first.parley.people.learnList(newest.bytes)
          const device = await createDevice(keys, () => newest, undefined)
          await device.parley.people.learnCard((await person.first.parley.card()).bytes)
          await person.first.parley.people.learnCard((await device.parley.card()).bytes)
          await person.first.parley.home.share({ durable: true })
          return device
        }
      }
      return person
    },
    async stop () {
      for (const device of devices) await device.stop()
      await networks.stop()
    }
  }
}

/** Makes two people contacts of each other. */
export async function introduce (one: Person, other: Person): Promise<void> {
  for (const [from, to] of [[one, other], [other, one]] as const) await to.first.parley.addContact(contactUrl(await from.first.parley.card()))
}

/** Waits, by the real clock, for what comes by itself. */
export async function until (isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000
  while (!await isTrue()) {
    if (performance.now() > giveUpAt) throw new RangeError(`did not happen: ${isTrue.toString()}`)
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
}

async function newKeys (): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: systemRandom(32), sealingSecret: systemRandom(32) })
}

function recordOf (keys: DeviceKeys, name: string) {
  return { device: keys.did, sealing: keys.sealing.publicKey, name, platform: 'test', roles: ['endpoint' as const, 'admin' as const], capabilities: [], added: clock.now() }
}
