import { createSeededRandom } from '@parley/core'
import { createProfileBlock, createProfileBundle, createSigner, type DeviceKeys, type EntitledDevice, type OpenedTiers, type ProfileBlock, type ProfileBundle, type ProfileFields, type Signer, type Tier } from '@parley/identity'
import { T0, deviceKeys, secret } from '../support/persons.ts'

export const VERSION = { wallMs: T0, counter: 0 }

export interface Profiled {
  person: Signer
  phone: DeviceKeys
  blocks: Record<Tier, ProfileBlock>
}

/** Somebody whose telephone signed a profile of three tiers. */
export async function profiled (number = 1, fields: Partial<Record<Tier, ProfileFields>> = {}): Promise<Profiled> {
  const person = await createSigner(secret(number))
  const phone = await deviceKeys(number + 1)
  const block = async (tier: Tier): Promise<ProfileBlock> => await createProfileBlock(phone.signer, { person: person.did, tier, version: VERSION, issued: T0, fields: fields[tier] ?? {} })
  return { person, phone, blocks: { public: await block('public'), correspondents: await block('correspondents'), contacts: await block('contacts') } }
}

export function entitled (keys: DeviceKeys, tier: EntitledDevice['tier']): EntitledDevice {
  return { device: keys.did, sealing: keys.sealing.publicKey, tier }
}

export async function bundleOf ({ person, phone, blocks }: Profiled, devices: EntitledDevice[], previous?: { copies: ProfileBundle['copies'], keys: OpenedTiers['keys'] }, seed = 1): Promise<ProfileBundle> {
  return await createProfileBundle({ signer: phone.signer, random: createSeededRandom(seed) }, { person: person.did, version: VERSION, blocks, entitled: devices, previous })
}
