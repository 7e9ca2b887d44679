import { createSeededRandom } from '@parley/core'
import { createDeviceKeys, createDeviceList, createSigner, extendDeviceList, type DeviceKeys, type DeviceList, type Did, type Role, type Signer } from '@parley/identity'
import { START_MS } from './timeline.ts'

/** A device that somebody may have. */
export interface Device { keys: DeviceKeys, did: Did, name: string, roles: Role[], owner: Person }

/** A person, with devices that their list names from the beginning. */
export interface Person {
  name: string
  did: Did
  signer: Signer
  /** A phone, a tablet, and a proxy that holds no keys. */
  devices: Device[]
  list: DeviceList
}

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Mallory'] as const
const DEVICES: ReadonlyArray<[string, Role]> = [['phone', 'endpoint'], ['tablet', 'endpoint'], ['proxy', 'proxy']]

/** Makes the people of every simulated world: the same, and once, since keys are dear. */
export async function createCast (): Promise<Person[]> {
  const random = createSeededRandom(1)
  return await Promise.all(NAMES.map(async name => await createPerson(name, random)))
}

async function createPerson (name: string, random: (length: number) => Uint8Array): Promise<Person> {
  const seeds = Array.from({ length: 1 + 2 * DEVICES.length }, () => random(32))
  const signer = await createSigner(seeds[0] ?? random(32))
  const keys = await Promise.all(DEVICES.map(async (_device, number) => await createDeviceKeys({ seed: seeds[1 + 2 * number] ?? random(32), sealingSecret: seeds[2 + 2 * number] ?? random(32) })))
  const records = keys.map(({ did, sealing }, number) => ({
    device: did,
    sealing: sealing.publicKey,
    name: DEVICES[number]?.[0] ?? '',
    platform: 'simulation',
    roles: [DEVICES[number]?.[1] ?? 'endpoint'],
    capabilities: [],
    added: START_MS - 100_000_000
  }))
  const list = await createDeviceList(signer, { name, devices: records, issued: START_MS - 100_000_000 })
  const person: Person = { name, did: signer.did, signer, devices: [], list }
  person.devices = keys.map((device, number) => ({ keys: device, did: device.did, name: `${name}’s ${DEVICES[number]?.[0] ?? ''}`, roles: [DEVICES[number]?.[1] ?? 'endpoint'], owner: person }))
  return person
}

/** Returns the person's list without a device from a time on. */
export async function revoke (list: DeviceList, { owner, did }: Device, at: number): Promise<DeviceList> {
  return await extendDeviceList(owner.signer, list, { revoke: [did] }, { at })
}
