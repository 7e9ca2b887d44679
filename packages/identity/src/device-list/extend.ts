import { InvalidArgumentError, systemRandom, type RandomBytes } from '@parley/core'
import { compare } from 'uint8arrays'
import { decodeDeviceList, type DeviceList, type DeviceListChange, type Succession } from '../device-list.ts'
import type { DeviceRecord } from '../device-record.ts'
import { publicKeyFromDid, type Did } from '../did.ts'
import type { Signer } from '../signer.ts'
import { compareText } from '../text.ts'
import { compareCids, signChange, type ChangeBody, type ChangeRecord } from './change.ts'
import { changeSet, comparePlaced, depthOf, excessOf, type ChangeSet } from './change-set.ts'
import { SALT_BYTES, detailsHash, detailsKey, encodeDetails } from './details.ts'
import { MAX_PARENTS } from './limits.ts'
import { composeList, stateOf, type ListState } from './state.ts'
import { successionBody } from './verified.ts'

/** A change before it is signed: what it does, without where it stands. */
type Verb = Pick<ChangeBody, 'begin' | 'put' | 'revoke' | 'erase' | 'name' | 'recovery' | 'successor'>

/** Makes entries of details, and keeps them for the list. */
interface Describer { entries: Map<string, Uint8Array>, record(device: DeviceRecord, at: number): ChangeRecord }

/**
 * Begins a person's device list.
 *
 * @throws {InvalidArgumentError} when a device is given twice, or as revoked
 * @throws {InvalidBytesError} when a text, a role or a key is none
 */
export async function createDeviceList (person: Signer, { name, devices, issued, recovery, random = systemRandom }: {
  name: string
  devices: DeviceRecord[]
  issued: number
  /** X25519 key to which is sealed what the person's phrase alone shall open. */
  recovery?: Uint8Array
  /** For the salts of details. @default systemRandom */
  random?: RandomBytes
}): Promise<DeviceList> {
  if (new Set(devices.map(({ device }) => device)).size !== devices.length) throw new InvalidArgumentError('A device is given twice')
  const describer = createDescriber(random)
  const records = devices.map(device => describer.record(device, issued)).sort((a, b) => compare(a.device, b.device))
  const begin = { name, ...(recovery === undefined ? {} : { recovery: recovery.slice() }), devices: records }
  const change = await signChange(person, { v: 1, person: person.publicKey.slice(), parents: [], at: issued, begin })
  return await checked(changeSet([{ ...change, depth: 0 }], describer.entries))
}

/**
 * Adds changes to a list, signed by the person or by a device that is its
 * admin. Records stay for good, since what a device signed while it was on the
 * list stays valid; `revoke` dates them. Adding a device that is there already
 * renews its record, but not its beginning. Each addition, revocation and so
 * on is one change; a change that says nothing returns `list`.
 *
 * @throws {InvalidArgumentError} when the signer may not do this, a device to revoke is unknown, one to add was revoked, one to erase was not, or the list is full
 * @throws {OversizedBytesError} when the list would be too large
 */
export async function extendDeviceList (signer: Signer, list: DeviceList, change: DeviceListChange, { at, random = systemRandom }: {
  at: number
  /** For the salts of details. @default systemRandom */
  random?: RandomBytes
}): Promise<DeviceList> {
  const state = stateOf(list)
  const author = signer.did === list.person ? {} : { author: signer.publicKey.slice() }
  checkChange(signer, list, change, at)
  const describer = createDescriber(random)
  let { set } = state
  let parents = headsThatCount(state)
  for (const verb of verbsOf(change, describer, at)) {
    const signed = await signChange(signer, { v: 1, ...author, parents, at, ...verb })
    const depth = depthOf(signed, new Map(set.changes.map(({ key, depth }) => [key, depth])))
    set = changeSet([...set.changes, { ...signed, depth }].sort(comparePlaced), set.details)
    parents = [signed.cid]
  }
  if (set === state.set) return list
  const excess = excessOf(set.changes)
  if (excess !== undefined) throw new InvalidArgumentError(`The device list of ${list.person} cannot be changed any more: ${excess}`)
  return await checked({ ...set, details: new Map([...set.details, ...describer.entries]) })
}

/** Signs, with a person's next key, that it follows `from`; `at` must be that of the change. */
export async function signSuccession (to: Signer, { from, at }: { from: Did, at: number }): Promise<Succession> {
  const proof = await to.sign('succession', successionBody({ from: publicKeyFromDid(from), to: to.publicKey.slice(), at }))
  return { person: to.did, proof }
}

function checkChange (signer: Signer, list: DeviceList, change: DeviceListChange, at: number): void {
  const records = new Map(list.devices.map(record => [record.device, record]))
  const own = records.get(signer.did)
  const isPerson = signer.did === list.person
  if (!isPerson) {
    const isAdmin = own?.revoked === undefined && own?.roles.includes('admin') === true && (own.expires === undefined || at < own.expires)
    if (!isAdmin) throw new InvalidArgumentError(`The device list of ${list.person} can only be changed by them or by a device that is its admin`)
    if ((change.recovery ?? change.successor) !== undefined) throw new InvalidArgumentError('Only the person can change their recovery key or name a successor')
  }
  const isClosed = (change.add ?? []).length > 0 || change.successor !== undefined || (isPerson && [...change.revoke ?? [], ...change.erase ?? []].length > 0)
  if (list.successor !== undefined && isClosed) throw new InvalidArgumentError(`${list.person} has a new key, ${list.successor}: the device list of the old one takes no devices any more`)
  for (const { device } of change.add ?? []) {
    if (records.get(device)?.revoked !== undefined) throw new InvalidArgumentError(`The device ${device} was revoked and needs a new key to come back`)
  }
  const added = new Set(change.add?.map(({ device }) => device))
  for (const device of change.revoke ?? []) {
    if (!records.has(device) && !added.has(device)) throw new InvalidArgumentError(`The device ${device} is not on the list`)
  }
  for (const device of change.erase ?? []) {
    if (records.get(device)?.revoked === undefined && change.revoke?.includes(device) !== true) throw new InvalidArgumentError(`The device ${device} has to be revoked before it is erased`)
  }
}

function verbsOf (change: DeviceListChange, describer: Describer, at: number): Verb[] {
  return [
    ...(change.add ?? []).map(device => ({ put: describer.record(device, at) })),
    ...(change.revoke ?? []).map(device => ({ revoke: publicKeyFromDid(device) })),
    ...(change.erase ?? []).map(device => ({ erase: publicKeyFromDid(device) })),
    ...(change.name === undefined ? [] : [{ name: change.name }]),
    ...(change.recovery === undefined ? [] : [{ recovery: change.recovery.slice() }]),
    ...(change.successor === undefined ? [] : [{ successor: { person: publicKeyFromDid(change.successor.person), proof: change.successor.proof.slice() } }])
  ]
}

function createDescriber (random: RandomBytes): Describer {
  const entries = new Map<string, Uint8Array>()
  return {
    entries,
    record ({ device, sealing, name, platform, roles, capabilities, added, expires, revoked }, at) {
      if (revoked !== undefined) throw new InvalidArgumentError(`The device ${device} cannot be added as revoked`)
      const entry = encodeDetails({ name, platform, capabilities: [...new Set(capabilities)].sort(compareText) }, random(SALT_BYTES))
      entries.set(detailsKey(entry), entry)
      return {
        device: publicKeyFromDid(device),
        sealing: sealing.slice(),
        roles: [...new Set(roles)].sort(compareText),
        ...(added === at ? {} : { added }),
        ...(expires === undefined ? {} : { expires }),
        details: detailsHash(entry)
      }
    }
  }
}

/**
 * Returns what a change made now builds on: of the changes that count those on
 * which no other does, the newest first when they are too many. Void ones are
 * not named, so that nobody can say they were seen and accepted.
 */
function headsThatCount ({ set, reduced: { standing } }: ListState): ChangeBody['parents'] {
  const counting = set.changes.filter((_change, place) => standing[place] === undefined)
  const built = new Set(counting.flatMap(({ parents }) => parents))
  return counting.filter(({ key }) => !built.has(key)).slice(-MAX_PARENTS).map(({ cid }) => cid).sort(compareCids)
}

/** Reads back what was made, as everybody else will. */
async function checked (set: ChangeSet): Promise<DeviceList> {
  return await decodeDeviceList(composeList(set).bytes)
}
