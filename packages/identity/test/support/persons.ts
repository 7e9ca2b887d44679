import { createContactCard, createDeviceKeys, createDeviceList, createSigner, type ContactCard, type DeviceKeys, type DeviceList, type DeviceRecord, type Role, type Signer } from '@parley/identity'

export const T0 = 1_700_000_000_000
export const HOUR = 3_600_000

/** 32 bytes that are different for each number, and the same in every run. */
export function secret (number: number): Uint8Array {
  return new Uint8Array(32).map((_value, index) => (number * 31 + index * 7) & 0xff)
}

/** Keys that are different for each number. */
export async function deviceKeys (number: number): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: secret(number), sealingSecret: secret(number + 100) })
}

/** The record of a device with one role, added at T0. */
export function recordOf (keys: DeviceKeys, role: Role, more: Partial<DeviceRecord> = {}): DeviceRecord {
  return { device: keys.did, sealing: keys.sealing.publicKey, name: `${role} device`, platform: 'linux', roles: [role], capabilities: [], added: T0, ...more }
}

/** A person with a telephone and a proxy. */
export interface Somebody {
  person: Signer
  phone: DeviceKeys
  proxy: DeviceKeys
  list: DeviceList
  card: ContactCard
}

/** Creates somebody whose keys are different for each number. */
export async function somebody (number: number, name: string): Promise<Somebody> {
  const person = await createSigner(secret(number))
  const phone = await deviceKeys(number + 1)
  const proxy = await deviceKeys(number + 2)
  const list = await createDeviceList(person, { name, devices: [recordOf(phone, 'endpoint'), recordOf(proxy, 'proxy')], issued: T0 })
  const routes = [{ device: proxy.did, addresses: ['/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4002/ws'] }]
  const card = await createContactCard(phone.signer, { list, routes, issued: T0 + 1, expires: T0 + HOUR })
  return { person, phone, proxy, list, card }
}
