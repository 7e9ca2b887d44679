import { InvalidArgumentError, OversizedBytesError, type CID } from '@parley/core'
import { byteKey } from './byte-key.ts'
import { changeSet, decodeChangeSet, comparePlaced, type ChangeSet } from './device-list/change-set.ts'
import { checkDetails, detailsWanted, forgetErased } from './device-list/completeness.ts'
import { fitChanges } from './device-list/fit.ts'
import { MAX_DEVICE_LIST_BYTES } from './device-list/limits.ts'
import { reduceChanges } from './device-list/reduce.ts'
import { composeList, presentList, stateOf } from './device-list/state.ts'
import { verifyChanges } from './device-list/verified.ts'
import type { DeviceRecord, Role } from './device-record.ts'
import type { Did } from './did.ts'
import { ForkedDeviceListError } from './errors.ts'

/**
 * The devices of a person: what a set of changes comes to, each signed by the
 * person or by a device that is an admin.
 */
export interface DeviceList {
  person: Did
  /** The name by which the person wants to be shown; may be empty. */
  name: string
  /** In the order of their keys; revoked ones stay. */
  devices: DeviceRecord[]
  /** X25519 key to which is sealed what the person's phrase alone shall open, 32 bytes. */
  recovery?: Uint8Array
  /** Who the person is from now on. */
  successor?: Did
  /** When the list was begun. */
  created: number
  /** The latest time of a change that counts, by its author's clock. */
  issued: number
  /** The changes on which no other builds, in ascending order. */
  heads: CID[]
  /** How many changes there are, also those without effect. */
  size: number
  /** The encoded list, and the CID of it. */
  bytes: Uint8Array
  cid: CID
}

/** What to change of a device list. */
export interface DeviceListChange {
  /** Devices to add, or to describe anew. */
  add?: DeviceRecord[]
  revoke?: Did[]
  /** Revoked devices whose name, platform and capabilities are to be forgotten everywhere. */
  erase?: Did[]
  name?: string
  /** X25519 public key; the person alone may change it. */
  recovery?: Uint8Array
  /** The person's next key and its consent, from `signSuccession`; the person alone may name one. */
  successor?: Succession
}

/** A next key of a person, and its signature over the succession, 64 bytes. */
export interface Succession {
  person: Did
  proof: Uint8Array
}

/**
 * Decodes a device list, verifies every signature, and says what its changes
 * come to.
 *
 * @throws {OversizedBytesError | InvalidBytesError} when it is none, or not in canonical form
 * @throws {InvalidSignatureError} when a change is not by whom it names
 */
export async function decodeDeviceList (bytes: Uint8Array): Promise<DeviceList> {
  if (bytes.byteLength > MAX_DEVICE_LIST_BYTES) throw new OversizedBytesError('device list', bytes.byteLength, MAX_DEVICE_LIST_BYTES)
  const own = bytes.slice()
  const set = decodeChangeSet(own)
  await verifyChanges(set)
  checkDetails(set)
  return presentList({ set, reduced: reduceChanges(set) }, own)
}

/**
 * Returns the union of two lists of one person: `a` itself when `b` adds
 * nothing to it. The order of merges does not matter, but that a union beyond
 * the limits leaves out what matters least.
 *
 * @throws {ForkedDeviceListError} when the lists were begun apart; `a` is the kept one
 * @throws {InvalidArgumentError} when they are of two persons
 */
export function mergeDeviceLists (a: DeviceList, b: DeviceList): DeviceList {
  if (a.person !== b.person) throw new InvalidArgumentError(`The device lists of ${a.person} and ${b.person} are two people's`)
  const [ours, theirs] = [stateOf(a), stateOf(b)]
  if (ours.set.begin.key !== theirs.set.begin.key) throw new ForkedDeviceListError({ person: a.person, kept: a.cid, refused: b.cid })
  const known = new Set(ours.set.changes.map(({ key }) => key))
  const changes = theirs.set.changes.filter(({ key }) => !known.has(key))
  if (changes.length === 0 && !addsDetails(theirs.set, ours)) return a
  const union = changeSet(
    [...ours.set.changes, ...changes].sort(comparePlaced),
    new Map([...ours.set.details, ...theirs.set.details])
  )
  return composeList(fitChanges(forgetErased(union)))
}

/** Tells whether `a` has every change that `b` has. */
export function coversDeviceList (a: DeviceList, b: DeviceList): boolean {
  const known = new Set(stateOf(a).set.changes.map(({ key }) => key))
  return stateOf(b).set.changes.every(({ key }) => known.has(key))
}

/** Tells whether `a` still says of a device what `b`, by an erasure, has forgotten. */
export function recallsErased (a: DeviceList, b: DeviceList): boolean {
  const ours = stateOf(a).set
  const { set } = stateOf(b)
  const wanted = detailsWanted(set)
  return set.changes.some(({ records }) => records.some(({ record }) => {
    const key = byteKey(record.details)
    return ours.details.has(key) && !wanted.has(key)
  }))
}

/**
 * Returns what a device may do at a time: nothing when it is not on the list,
 * not yet added, expired or revoked. No clock skew is allowed for.
 */
export function rolesOf (list: DeviceList, device: Did, at: number): Role[] {
  const record = list.devices.find(record => record.device === device)
  if (record === undefined || at < record.added) return []
  if (record.expires !== undefined && at >= record.expires) return []
  if (record.revoked !== undefined && at >= record.revoked) return []
  return [...record.roles]
}

/** Tells whether a set of no new changes has details that `ours` lacks and may have. */
function addsDetails ({ details }: ChangeSet, { set }: ReturnType<typeof stateOf>): boolean {
  const wanted = detailsWanted(set)
  return [...details.keys()].some(key => !set.details.has(key) && wanted.has(key))
}
