import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, createVirtualClock, silentLogger, type Store, type VirtualClock } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createSigner, type DeviceKeys, type DeviceList, type Role, type Signer } from '@parley/identity'
import { createMemoryStore, type Network } from '@parley/network'
import type { AddedDevice, ExistingSide, NewSide, PairingComponents } from 'parley'

export const T0 = 1_700_000_000_000
const ADMIN: Role[] = ['admin', 'endpoint']

/** 32 bytes that are different for each number. */
export function secret (number: number): Uint8Array {
  return new Uint8Array(32).map((_value, index) => (number * 31 + index * 7 + 5) & 0xff)
}

export async function keysOf (number: number): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: secret(number), sealingSecret: secret(number + 100) })
}

/** A device in a world of its own making. */
export interface TestDevice extends PairingComponents {
  clock: VirtualClock
  store: Store
}

export interface ExistingDevice extends TestDevice {
  person: Signer
  list(): DeviceList
  /** Lists that were kept, in order. */
  kept: DeviceList[]
  side: ExistingSide
}

export interface NewDevice extends TestDevice {
  side: NewSide
  /** Everything in the device's store. */
  stored(): Promise<string[]>
}

/** Several devices on one network in memory, by one clock. */
export interface World {
  clock: VirtualClock
  networks: MemoryNetworks
  existing(number: number, options?: { roles?: Role[], change?: Partial<ExistingSide> }): Promise<ExistingDevice>
  newcomer(number: number, change?: Partial<NewSide>): Promise<NewDevice>
}

export function createWorld (join?: (seed: Uint8Array) => Promise<Network>): World {
  const clock = createVirtualClock(T0)
  const networks = createMemoryNetworks({ clock })
  const device = async (number: number): Promise<TestDevice> => {
    const keys = await keysOf(number)
    const network = await (join ?? networks.join)(keys.seed)
    return { network, keys, clock, random: createSeededRandom(number), logger: silentLogger, store: createMemoryStore() }
  }
  return {
    clock,
    networks,
    async existing (number, { roles = ADMIN, change = {} } = {}) {
      const base = await device(number)
      const person = await createSigner(secret(number + 50))
      let list = await createDeviceList(person, { name: 'Bob', issued: T0, devices: [{ device: base.keys.did, sealing: base.keys.sealing.publicKey, name: 'Laptop', platform: 'linux', roles, capabilities: [], added: T0 }] })
      const kept: DeviceList[] = []
      const side: ExistingSide = {
        side: 'existing',
        list: async () => list,
        async keepList (extended) {
          kept.push(extended)
          list = extended
        },
        card: async () => await createContactCard(base.keys.signer, { list, routes: [], issued: clock.now(), expires: clock.now() + 1000 }),
        welcome: async ({ record }: AddedDevice) => new TextEncoder().encode(`welcome ${record.name}`),
        ...change
      }
      return { ...base, person, kept, list: () => list, side }
    },
    async newcomer (number, change = {}) {
      const base = await device(number)
      return {
        ...base,
        async stored () {
          const keys: string[] = []
          for await (const { key } of base.store.entries('/')) keys.push(key)
          return keys
        },
        side: {
          side: 'new',
          name: `Phone ${number}`,
          platform: 'android',
          roles: ['listener', 'endpoint'],
          capabilities: ['voice'],
          async keep ({ card, welcome }) {
            await base.store.commit([{ type: 'put', key: '/card', value: card }, { type: 'put', key: '/welcome', value: welcome }], { durable: true })
          },
          ...change
        }
      }
    }
  }
}

/** Returns the error that a call fails with. */
export async function failureOf (call: Promise<unknown>): Promise<Error> {
  return await call.then(() => new RangeError('the call did not fail'), (error: unknown) => error as Error)
}

/** Waits for a condition by turns of the event loop, not by time. */
export async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => { setImmediate(resolve) })
}
