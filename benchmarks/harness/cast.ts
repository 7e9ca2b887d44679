import { createSeededRandom, silentLogger, type Store } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, type DeviceKeys, type Did, type People } from '@parley/identity'

/** Somebody in a benchmark, with one device. */
export interface Somebody {
  did: Did
  device: DeviceKeys
  /** Their contact card. */
  card: Uint8Array
}

// The processes of a benchmark agree on who is who without telling each other.
const ISSUED = 1_700_000_000_000
const LIFETIME_MS = 100 * 365 * 86_400_000

/** Creates person `number`: the same in every process. */
export async function somebody (number: number, { role = 'endpoint', addresses = [] }: { role?: 'endpoint' | 'proxy', addresses?: string[] } = {}): Promise<Somebody> {
  const [person, device] = await Promise.all([createSigner(seed(number, 1)), createDeviceKeys({ seed: seed(number, 2), sealingSecret: seed(number, 3) })])
  const list = await createDeviceList(person, {
    name: `Person ${number}`,
    issued: ISSUED,
    random: createSeededRandom(number),
    devices: [{ device: device.did, sealing: device.sealing.publicKey, name: 'device', platform: 'benchmark', roles: [role], capabilities: [], added: ISSUED }]
  })
  const card = await createContactCard(device.signer, { list, routes: [{ device: device.did, addresses }], issued: ISSUED, expires: ISSUED + LIFETIME_MS })
  return { did: person.did, device, card: card.bytes }
}

/** Creates persons 0 to `count` - 1. */
export async function cast (count: number): Promise<Somebody[]> {
  return await Promise.all(Array.from({ length: count }, async (_, number) => await somebody(number)))
}

/** Creates the people of a node that knows everybody given. */
export async function introduced (store: Store, everybody: Somebody[]): Promise<People> {
  const people = createPeople({ store, logger: silentLogger })
  for (const { card } of everybody) await people.learnCard(card)
  return people
}

function seed (number: number, purpose: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(purpose)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
