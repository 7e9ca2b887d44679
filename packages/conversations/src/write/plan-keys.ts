import type { RandomBytes } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, rolesOf, sealTo, type DeviceList, type Did, type People, type SealedCopy } from '@parley/identity'
import { compare, concat } from 'uint8arrays'
import { MissingKeyError } from '../errors.ts'
import { KEY_PURPOSE, encodeKeys, type Keyring } from '../read/keyring.ts'
import { keyBytes, keyName } from '../format/key-name.ts'

/** A device that is to have the conversation's keys. */
export interface KeyHolder {
  device: string
  /** `keyName` of its key. */
  name: string
  sealing: Uint8Array
}

/** The epoch and key to seal with, and who has to be given keys with the action. */
export interface KeyPlan {
  epoch: number
  key: Uint8Array
  /** What to seal to whom; [] when everybody has what they need. */
  copies: Array<{ holders: KeyHolder[], plaintext: Uint8Array }>
}

/** Returns the devices of `persons` (`keyName` of their keys) that may hold conversation keys at a time: endpoints and listeners. */
export type FindKeyHolders = (persons: Iterable<string>, at: number) => Promise<KeyHolder[]>

/** Creates the function that asks `people`; what is made of a list is remembered with it. */
export function createFindKeyHolders (people: People): FindKeyHolders {
  const made = new WeakMap<DeviceList, KeyHolder[]>()
  const dids = new Map<string, Did>()
  const holdersOf = (list: DeviceList): KeyHolder[] => {
    const known = made.get(list)
    if (known !== undefined) return known
    const holders = list.devices
      .filter(({ roles }) => roles.includes('endpoint') || roles.includes('listener'))
      .map(({ device, sealing }) => ({ device, name: keyName(publicKeyFromDid(device)), sealing }))
    made.set(list, holders)
    return holders
  }
  return async (persons, at) => {
    const holders: KeyHolder[] = []
    for (const person of persons) {
      const did = dids.get(person) ?? didFromPublicKey(keyBytes(person))
      dids.set(person, did)
      const list = await people.list(did)
      // Without a role it is revoked, expired or not added yet; which roles it has does not change with time.
      if (list !== undefined) holders.push(...holdersOf(list).filter(({ device }) => rolesOf(list, device, at).length > 0))
    }
    return holders
  }
}

/**
 * Decides which key an action is sealed with. A new epoch begins when somebody
 * who has the key should have it no longer, or when two devices began one
 * epoch at once; whoever lacks the keys is given them along with the action.
 *
 * `epoch` is the newest in the log, or -1 where it is empty.
 *
 * @throws {MissingKeyError}
 */
export function planKeys (keyring: Keyring, epoch: number, holders: KeyHolder[], random: RandomBytes): KeyPlan {
  const having = epoch < 0 ? new Set<string>() : keyring.devices(epoch)
  const [key, other] = epoch < 0 ? [] : keyring.keys(epoch)
  if (epoch >= 0 && key === undefined) throw new MissingKeyError(epoch)
  const entitled = new Set(holders.map(holder => holder.name))
  const lacking = holders.filter(holder => !having.has(holder.name))
  const isStale = other !== undefined || [...having].some(device => !entitled.has(device))
  if (key !== undefined && !isStale) {
    return { epoch, key, copies: lacking.length === 0 ? [] : [{ holders: lacking, plaintext: keyring.encode() }] }
  }
  const fresh = { epoch: epoch + 1, key: random(32) }
  const known = holders.filter(holder => having.has(holder.name))
  return {
    ...fresh,
    copies: [
      { holders: known, plaintext: encodeKeys([fresh]) },
      { holders: lacking, plaintext: concat([keyring.encode(), encodeKeys([fresh])]) }
    ].filter(({ holders }) => holders.length > 0)
  }
}

/** Seals a plan's keys for one action; sorted by device, or undefined when there is nobody to give them to. */
export async function sealKeys ({ copies }: KeyPlan, context: Uint8Array): Promise<SealedCopy[] | undefined> {
  if (copies.length === 0) return undefined
  const sealed = await Promise.all(copies.map(async ({ holders, plaintext }) => await sealTo(holders, KEY_PURPOSE, plaintext, context)))
  return sealed.flat().sort((a, b) => compare(a.device, b.device))
}
