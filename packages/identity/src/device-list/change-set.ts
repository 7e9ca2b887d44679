import { InvalidBytesError, bytesSchema, createCodec } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { byteKey } from '../byte-key.ts'
import { isAscending } from '../text.ts'
import { causalPasts, isIn, type CausalPast } from './causal-past.ts'
import { compareCids, decodeChange, type DeviceChange } from './change.ts'
import { MAX_DETAILS_BYTES, SALT_BYTES, detailsKey } from './details.ts'
import { MAX_ADMIN_BYTES, MAX_ADMIN_CHANGES, MAX_CHANGES, MAX_DEVICES, MAX_DEVICE_LIST_BYTES } from './limits.ts'

const WHAT = 'device list'

const codec = createCodec(WHAT, z.strictObject({
  v: z.literal(1),
  changes: z.array(bytesSchema({ maxBytes: MAX_DEVICE_LIST_BYTES })).check(z.minLength(1), z.maxLength(MAX_CHANGES)),
  details: z.array(bytesSchema({ maxBytes: MAX_DETAILS_BYTES })).check(
    z.maxLength(MAX_CHANGES + MAX_DEVICES),
    z.refine(details => details.every(entry => entry.byteLength > SALT_BYTES), 'expected a salt and details'),
    z.refine(details => isAscending(details, compare), 'expected details in ascending order, none twice')
  )
}), { maxBytes: MAX_DEVICE_LIST_BYTES })

/** A change in its place. */
export interface PlacedChange extends DeviceChange {
  /** The length of the longest way back to the first change. */
  depth: number
}

/** The changes of one list, by depth and then CID, each after what it builds on. */
export interface ChangeSet {
  /** The first change. */
  begin: PlacedChange
  /** Whose list it is, 32 bytes. */
  person: Uint8Array
  changes: PlacedChange[]
  pasts: CausalPast[]
  /** Entries by their hash. */
  details: ReadonlyMap<string, Uint8Array>
}

/** Decodes a list as far as its form goes: signatures, and whether its details are those it should have, are for others to check. */
export function decodeChangeSet (bytes: Uint8Array): ChangeSet {
  const { changes, details } = codec.decode(bytes)
  const placed: PlacedChange[] = []
  const depths = new Map<string, number>()
  for (const change of changes.map(decodeChange)) {
    const depth = depthOf(change, depths)
    if (depths.has(change.key)) throw new InvalidBytesError(WHAT, 'it has a change twice')
    depths.set(change.key, depth)
    placed.push({ ...change, depth })
  }
  if (!isAscending(placed, comparePlaced)) throw new InvalidBytesError(WHAT, 'its changes are not in order')
  const excess = excessOf(placed)
  if (excess !== undefined) throw new InvalidBytesError(WHAT, excess)
  return changeSet(placed, new Map(details.map(entry => [detailsKey(entry), entry])))
}

/**
 * Puts changes that are in order together and checks what of them does not
 * depend on which of them count. The limits are for the caller to see to.
 *
 * @throws {InvalidBytesError}
 */
export function changeSet (changes: PlacedChange[], details: ReadonlyMap<string, Uint8Array>): ChangeSet {
  const begin = changes[0]
  const person = begin?.body.person
  if (begin === undefined || person === undefined) throw new InvalidBytesError(WHAT, 'it does not begin with the first change')
  if (changes.some((change, place) => place > 0 && change.kind === 'begin')) throw new InvalidBytesError(WHAT, 'it begins twice')
  const places = new Map(changes.map((change, place) => [change.key, place]))
  const pasts = causalPasts(changes.map(change => change.parents.map(parent => places.get(parent) ?? 0)))
  const set = { begin, person, changes, pasts, details }
  checkGrounds(set)
  return set
}

/** Returns the encoded list. @throws {OversizedBytesError} */
export function encodeChangeSet ({ changes, details }: Pick<ChangeSet, 'changes' | 'details'>): Uint8Array<ArrayBuffer> {
  return codec.encode({
    v: 1,
    changes: changes.map(change => new Uint8Array(change.bytes)),
    details: [...details.values()].map(entry => new Uint8Array(entry)).sort(compare)
  })
}

/** Places a change after those it builds on. @throws {InvalidBytesError} when one of them is missing */
export function depthOf (change: DeviceChange, depths: ReadonlyMap<string, number>): number {
  return change.parents.reduce((depth, parent) => {
    const before = depths.get(parent)
    if (before === undefined) throw new InvalidBytesError(WHAT, 'it lacks a change on which another builds')
    return Math.max(depth, before + 1)
  }, 0)
}

/** The one order in which changes are written. */
export function comparePlaced (a: PlacedChange, b: PlacedChange): number {
  return a.depth - b.depth || compareCids(a.cid, b.cid)
}

/** Says what of the limits the changes exceed, bytes apart. */
export function excessOf (changes: PlacedChange[]): string | undefined {
  const byAdmins = changes.filter(change => change.author !== undefined)
  if (changes.length > MAX_CHANGES || byAdmins.length > MAX_ADMIN_CHANGES) return 'it has too many changes'
  if (byAdmins.reduce((sum, change) => sum + change.bytes.byteLength, 0) > MAX_ADMIN_BYTES) return 'its admin devices changed too much'
  const devices = new Set(changes.flatMap(change => change.records.map(({ device }) => device)))
  return devices.size > MAX_DEVICES ? 'it has too many devices' : undefined
}

/**
 * Checks that each change had a ground in what it builds on: its author was
 * once an admin, a revoked device was there, an erased one revoked. So nobody
 * but the person and whom they trusted can put a byte into a list.
 */
function checkGrounds ({ changes, pasts, person }: ChangeSet): void {
  const admissions = placesBy(changes, ({ records }) => records.filter(({ record }) => record.roles.includes('admin')).map(({ device }) => device))
  const puts = placesBy(changes, ({ records }) => records.map(({ device }) => device))
  const revocations = placesBy(changes, ({ kind, device }) => kind === 'revoke' && device !== undefined ? [device] : [])
  const self = byteKey(person)
  changes.forEach(({ author, kind, device = '' }, place) => {
    const follows = (places: number[] | undefined): boolean => places?.some(before => isIn(pasts[place], before)) === true
    if (author === self) throw new InvalidBytesError(WHAT, 'it names the person as the author of a change')
    if (author !== undefined && !follows(admissions.get(author))) throw new InvalidBytesError(WHAT, 'a device changed it that was never its admin')
    if (kind === 'revoke' && !follows(puts.get(device))) throw new InvalidBytesError(WHAT, 'it revokes a device that was not there')
    if (kind === 'erase' && !follows(revocations.get(device))) throw new InvalidBytesError(WHAT, 'it erases a device that was not revoked')
  })
}

/** Returns the places of changes by the devices that `devicesOf` finds in them. */
export function placesBy (changes: PlacedChange[], devicesOf: (change: PlacedChange, place: number) => string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  changes.forEach((change, place) => {
    for (const device of devicesOf(change, place)) {
      const known = places.get(device)
      if (known === undefined) places.set(device, [place])
      else known.push(place)
    }
  })
  return places
}
