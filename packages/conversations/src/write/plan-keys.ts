import type { RandomBytes } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, rolesOf, sealTo, type DeviceList, type Did, type People } from '@parley/identity'
import { compare, concat } from 'uint8arrays'
import { MissingKeyError } from '../errors.ts'
import { KEY_PURPOSE, encodeKeys, type EpochKey, type Keyring } from '../read/keyring.ts'
import type { KeyCopy } from '../format/key-copy.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import type { PreKeys } from '../pre-keys.ts'

/** Who is to have the conversation's keys: a device, or a person by their recovery key. */
export interface KeyHolder {
  device: Did
  /** `keyName` of its key. */
  name: string
  /** `keyName` of the person whose it is. */
  person: string
  sealing: Uint8Array
}

/** The epoch and key to seal with, and who has to be given keys with the action. */
export interface KeyPlan {
  epoch: number
  key: Uint8Array
  /** What to seal to whom; [] when everybody has what they need. */
  copies: Array<{ holders: KeyHolder[], plaintext: Uint8Array }>
}

/**
 * Returns the devices of `persons` (`keyName` of their keys) that may hold
 * conversation keys at a time: endpoints and listeners. With `withRecovery`
 * also the persons themselves, who open with the recovery key of their list:
 * for home logs alone, since whatever else is the person's is in there.
 */
export type FindKeyHolders = (persons: Iterable<string>, at: number, options: { withRecovery: boolean }) => Promise<KeyHolder[]>

/** Creates the function that asks `people`; what is made of a list is remembered with it. */
export function createFindKeyHolders (people: People): FindKeyHolders {
  const made = new WeakMap<DeviceList, KeyHolder[]>()
  const dids = new Map<string, Did>()
  const holdersOf = (list: DeviceList): KeyHolder[] => {
    const known = made.get(list)
    if (known !== undefined) return known
    const person = keyName(publicKeyFromDid(list.person))
    const holders = list.devices
      .filter(({ roles }) => roles.includes('endpoint') || roles.includes('listener'))
      .map(({ device, sealing }) => ({ device, name: keyName(publicKeyFromDid(device)), person, sealing }))
    made.set(list, holders)
    return holders
  }
  return async (persons, at, { withRecovery }) => {
    const holders: KeyHolder[] = []
    for (const person of persons) {
      const did = dids.get(person) ?? didFromPublicKey(keyBytes(person))
      dids.set(person, did)
      const list = await people.list(did)
      // Without a role it is revoked, expired or not added yet; which roles it has does not change with time.
      if (list === undefined) continue
      holders.push(...holdersOf(list).filter(({ device }) => rolesOf(list, device, at).length > 0))
      if (withRecovery && list.recovery !== undefined) holders.push({ device: did, name: person, person, sealing: list.recovery })
    }
    return holders
  }
}

/** What may make an action begin an epoch, and who may read what; in the usual case neither is asked. */
export interface KeyNeeds {
  /** Whether the action has to begin an epoch, as for somebody who reads from it on alone. @default false */
  begins?: boolean | undefined
  /** Returns the first epoch whose keys a person (`keyName`) is given. @default () => 0 */
  fromOf?: ((person: string) => number) | undefined
}

/**
 * Decides which key an action is sealed with. A new epoch begins when somebody
 * who has the key should have it no longer, when somebody is to read from now
 * on alone, or when two devices began one epoch at once; whoever lacks the keys
 * is given those that they may have along with the action.
 *
 * `epoch` is the newest in the log, or -1 where it is empty.
 *
 * @throws {MissingKeyError}
 */
export function planKeys (keyring: Keyring, epoch: number, holders: KeyHolder[], random: RandomBytes, { begins = false, fromOf = () => 0 }: KeyNeeds = {}): KeyPlan {
  const [key, other] = epoch < 0 ? [] : keyring.keys(epoch)
  const isKept = epoch >= 0 && key === undefined
  if (isKept && keyring.encode().length === 0) throw new MissingKeyError(epoch)
  const having = epoch < 0 || isKept ? new Set<string>() : keyring.devices(epoch)
  const entitled = new Set(holders.map(holder => holder.name))
  const lacking = holders.filter(holder => !having.has(holder.name))
  const isStale = begins || isKept || other !== undefined || [...having].some(device => !entitled.has(device))
  if (key !== undefined && !isStale) return { epoch, key, copies: copiesFor(keyring, lacking, fromOf, []) }
  const fresh = { epoch: epoch + 1, key: random(32) }
  const known = holders.filter(holder => having.has(holder.name))
  return {
    ...fresh,
    copies: [
      // Of two keys of one epoch a device may have got but one.
      ...copiesFor(keyring, known, person => other === undefined ? fresh.epoch : Math.max(epoch, fromOf(person)), [fresh]),
      ...copiesFor(keyring, lacking, fromOf, [fresh])
    ]
  }
}

/** Returns what to seal to whom: one text for all who get the same keys. */
function copiesFor (keyring: Keyring, holders: KeyHolder[], fromOf: (person: string) => number, fresh: EpochKey[]): KeyPlan['copies'] {
  const groups = new Map<number, KeyHolder[]>()
  for (const holder of holders) {
    const from = fromOf(holder.person)
    groups.set(from, [...groups.get(from) ?? [], holder])
  }
  return [...groups].map(([from, group]) => ({ holders: group, plaintext: concat([keyring.encode(from), encodeKeys(fresh)]) }))
}

/** Who seals, and with which one-time keys of others. */
export interface KeySealer {
  /** `keyName` of the person who writes. */
  person: string
  preKeys?: Pick<PreKeys, 'take'> | undefined
}

/**
 * Seals a plan's keys for one action; sorted by device, or undefined when
 * there is nobody to give them to. Devices of other people get theirs by a
 * one-time key where there is one. Those of the person who writes never do:
 * they find the same keys in the vault, which opens with long-term keys.
 */
export async function sealKeys ({ copies }: KeyPlan, context: Uint8Array, { person, preKeys }: KeySealer): Promise<KeyCopy[] | undefined> {
  if (copies.length === 0) return undefined
  const others = copies.flatMap(({ holders }) => holders).filter(holder => holder.person !== person).map(({ device }) => device)
  const taken = preKeys === undefined || others.length === 0 ? undefined : await preKeys.take(others)
  const sealed = await Promise.all(copies.flatMap(({ holders, plaintext }) => holders.map(async ({ device, sealing }) => {
    const preKey = taken?.get(device)
    const [copy] = await sealTo([{ device, sealing: preKey?.key ?? sealing }], KEY_PURPOSE, plaintext, context)
    return copy === undefined || preKey === undefined ? copy : { ...copy, prekey: preKey.id }
  })))
  return sealed.filter(copy => copy !== undefined).sort((a, b) => compare(a.device, b.device))
}
