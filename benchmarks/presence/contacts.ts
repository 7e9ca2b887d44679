import { createSeededRandom } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createSigner, type DeviceKeys, type Did } from '@parley/identity'

/** A contact: a person with one device, and one of the proxies. */
export interface Contact { did: Did, device: DeviceKeys, card: Uint8Array }

const ISSUED = 1_700_000_000_000
const LIFETIME_MS = 100 * 365 * 86_400_000

/** Creates the keys of proxy `number`: the same in every process. */
export async function proxyKeys (number: number): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: seed(number, 14), sealingSecret: seed(number, 15) })
}

/** Creates contact `number`, served by `proxy`: the same in every process. */
export async function contact (number: number, proxy: DeviceKeys): Promise<Contact> {
  const [person, device] = await Promise.all([createSigner(seed(number, 11)), createDeviceKeys({ seed: seed(number, 12), sealingSecret: seed(number, 13) })])
  const record = { platform: 'benchmark', capabilities: [], added: ISSUED }
  const list = await createDeviceList(person, {
    name: `Contact ${number}`,
    issued: ISSUED,
    random: createSeededRandom(number),
    devices: [
      { ...record, device: device.did, sealing: device.sealing.publicKey, name: 'device', roles: ['endpoint'] },
      { ...record, device: proxy.did, sealing: proxy.sealing.publicKey, name: 'proxy', roles: ['proxy'] }
    ]
  })
  const card = await createContactCard(device.signer, { list, routes: [], issued: ISSUED, expires: ISSUED + LIFETIME_MS })
  return { did: person.did, device, card: card.bytes }
}

/** The proxy that serves a contact. */
export function proxyOf (number: number, proxies: number): number {
  return number % proxies
}

function seed (number: number, purpose: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(purpose)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
