import type { Clock, Logger } from '@parley/core'
import { MAX_PROFILE_DEVICES, rolesOf, type Contacts, type Did, type EntitledDevice, type People } from '@parley/identity'
import { equals } from 'uint8arrays'

export interface EntitledComponents {
  people: People
  contacts: Contacts
  clock: Clock
  logger: Logger
  /** Returns whom the person has written with, the most important first. */
  correspondents: () => Promise<Did[]>
}

/**
 * Returns the devices that may read more of a person's profile than everybody:
 * the person's own, those of their contacts, and those of whom they have written
 * with. Somebody removed or blocked is none of them. Past 2,000 devices the last
 * get no more than the public part.
 */
export async function entitledDevices ({ people, contacts, clock, logger, correspondents }: EntitledComponents, person: Did): Promise<EntitledDevice[]> {
  const found = new Map<Did, EntitledDevice>()
  const add = async (did: Did, tier: EntitledDevice['tier']): Promise<void> => {
    const list = await people.list(did)
    for (const { device, sealing } of list?.devices ?? []) {
      if (list === undefined || !rolesOf(list, device, clock.now()).some(role => role === 'endpoint' || role === 'listener')) continue
      const known = found.get(device)
      // Anybody can put somebody else's device on their list, with a sealing key of their own: what the device itself says counts.
      if (known !== undefined && (equals(known.sealing, sealing) || await people.personOf(device) !== did)) continue
      found.set(device, { device, sealing, tier: known?.tier ?? tier })
    }
  }
  await add(person, 'contacts')
  for await (const { did } of contacts.list()) await add(did, 'contacts')
  for (const did of await correspondents()) {
    const status = contacts.get(did)?.status
    if (status !== 'removed' && status !== 'blocked') await add(did, 'correspondents')
  }
  if (found.size > MAX_PROFILE_DEVICES) logger.warn('more devices may read the profile than it can be sealed to', { devices: found.size, limit: MAX_PROFILE_DEVICES })
  return [...found.values()].slice(0, MAX_PROFILE_DEVICES)
}
