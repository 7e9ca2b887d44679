import { OversizedBytesError, type HybridTime } from '@parley/core'
import { HISTORIES, PERMISSIONS, type AccessChange, type AccessGrant } from './access-change.ts'
import { CBOR_NULL, LINK_BYTES, compareAt, expectBytes, readCount, readHead, readKey, readLength, readLink, refuse, takeBytes, type Cursor } from './cbor-reader.ts'
import { PRE_KEY_ID_BYTES, type KeyCopy } from './key-copy.ts'
import { COUNT_LIMIT, MAX_ACCESS_CHANGES, MAX_ACTION_BYTES, MAX_HEADS, MAX_LINKS, MAX_OFFSET_MINUTES, MIN_SEALED_BYTES, WALL_LIMIT } from './limits.ts'
import { KEY } from './map-keys.ts'

export type { AccessChange, AccessGrant } from './access-change.ts'

/**
 * An action's block, checked for its shape and taken apart by places in
 * `bytes`: nothing is copied, and no link becomes an object until asked for.
 */
export interface ParsedAction {
  readonly bytes: Uint8Array
  readonly seq: number
  readonly epoch: number
  readonly time: HybridTime
  /** Where the 32 bytes of the author's device key begin. */
  readonly authorAt: number
  readonly personAt: number
  /** Where the 32-byte hash of the conversation's CID begins. */
  readonly conversationAt: number
  /** Where the hash of the author's previous action begins, or -1. */
  readonly prevAt: number
  /** Where the hash of the first head begins; the next are 41 bytes apart. */
  readonly headsAt: number
  readonly headCount: number
  readonly linksAt: number
  readonly linkCount: number
  readonly access: AccessChange | undefined
  readonly keys: KeyCopy[] | undefined
  readonly sealed: Uint8Array
}

const SIGNATURE_BYTES = 66

/**
 * Takes an action's signed block apart, accepting exactly what the canonical
 * codec and the schema of the specification accept, some ten times as fast.
 *
 * @throws {OversizedBytesError | InvalidBytesError}
 */
export function parseAction (bytes: Uint8Array): ParsedAction {
  if (bytes.length > MAX_ACTION_BYTES) throw new OversizedBytesError('action', bytes.length, MAX_ACTION_BYTES)
  const cursor: Cursor = { bytes, at: 0 }
  if (bytes[cursor.at++] !== 0x82) refuse('it is no list of body and signature')
  const mapKeys = readLength(cursor, 5, 13)
  expectBytes(cursor, KEY.v)
  if (bytes[cursor.at++] !== 1) refuse('its version is not 1')
  expectBytes(cursor, KEY.seq)
  const seq = readCount(cursor, COUNT_LIMIT - 1)
  const keys = takeBytes(cursor, KEY.keys) ? readKeys(cursor) : undefined
  expectBytes(cursor, KEY.prev)
  const prevAt = readPrevious(cursor, seq)
  expectBytes(cursor, KEY.time)
  const time = readTime(cursor)
  expectBytes(cursor, KEY.epoch)
  const epoch = readCount(cursor, COUNT_LIMIT)
  expectBytes(cursor, KEY.heads)
  const headCount = readLength(cursor, 4, MAX_HEADS)
  const headsAt = readLinks(cursor, headCount, false, prevAt)
  const linkCount = takeBytes(cursor, KEY.links) ? readLength(cursor, 4, MAX_LINKS) : -1
  const linksAt = linkCount < 0 ? 0 : readLinks(cursor, linkCount, true, -1)
  const access = takeBytes(cursor, KEY.access) ? readAccess(cursor) : undefined
  expectBytes(cursor, KEY.author)
  const authorAt = readKey(cursor)
  expectBytes(cursor, KEY.person)
  const personAt = readKey(cursor)
  expectBytes(cursor, KEY.sealed)
  const sealed = readByteString(cursor, MIN_SEALED_BYTES)
  expectBytes(cursor, KEY.conversation)
  const conversationAt = readLink(cursor, false)
  if (linkCount === 0) refuse('an optional list is empty')
  if (mapKeys !== 10 + Number(keys !== undefined) + Number(linkCount > 0) + Number(access !== undefined)) refuse('its number of keys is wrong')
  const { at } = cursor
  if (bytes[at] !== 0x58 || bytes[at + 1] !== 64 || bytes.length !== at + SIGNATURE_BYTES) refuse('its signature is not 64 bytes')
  return { bytes, seq, epoch, time, authorAt, personAt, conversationAt, prevAt, headsAt, headCount, linksAt, linkCount: Math.max(0, linkCount), access, keys, sealed }
}

function readPrevious (cursor: Cursor, seq: number): number {
  if (cursor.bytes[cursor.at] === CBOR_NULL) {
    if (seq !== 0) refuse('it has no previous action though it is not its author’s first')
    cursor.at++
    return -1
  }
  if (seq === 0) refuse('it has a previous action though it is its author’s first')
  return readLink(cursor, false)
}

function readTime (cursor: Cursor): HybridTime {
  if (readHead(cursor, 4) !== 3) refuse('its time has not three parts')
  const wallMs = readCount(cursor, WALL_LIMIT)
  const counter = readCount(cursor, COUNT_LIMIT)
  const first = cursor.bytes[cursor.at] ?? 0xff
  const offsetMinutes = first >> 5 === 1 ? -1 - readHead(cursor, 1) : readHead(cursor, 0)
  if (Math.abs(offsetMinutes) > MAX_OFFSET_MINUTES) refuse('its UTC offset is beyond 18 hours')
  return { wallMs, counter, offsetMinutes }
}

/** Reads links in strictly ascending order and returns where the first hash begins. */
function readLinks (cursor: Cursor, count: number, raw: boolean, exceptAt: number): number {
  const { bytes } = cursor
  const firstAt = cursor.at + 9
  for (let index = 0; index < count; index++) {
    const at = readLink(cursor, raw)
    // The codec stands three bytes before the hash and is part of the order.
    if (index > 0 && compareAt(bytes, at - LINK_BYTES - 3, bytes, at - 3, 35) >= 0) refuse('a list of links is not in order')
    if (exceptAt >= 0 && compareAt(bytes, at, bytes, exceptAt, 32) === 0) refuse('its heads repeat its previous action')
  }
  return firstAt
}

function readAccess (cursor: Cursor): AccessChange {
  if (readHead(cursor, 5) !== 2) refuse('its access change has other keys than add and remove')
  expectBytes(cursor, KEY.add)
  const add = readGrants(cursor)
  expectBytes(cursor, KEY.remove)
  const remove = readKeyList(cursor)
  if (add.length + remove.length === 0) refuse('its access change is empty')
  if (add.some(({ person }) => remove.some(removed => compareAt(person, 0, removed, 0, 32) === 0))) refuse('its access change adds and removes one person')
  return { add, remove }
}

function readGrants (cursor: Cursor): AccessGrant[] {
  const count = readLength(cursor, 4, MAX_ACCESS_CHANGES)
  const list: AccessGrant[] = []
  for (let index = 0; index < count; index++) {
    if (readHead(cursor, 5) !== 3) refuse('who is added has other keys than person, history and permission')
    expectBytes(cursor, KEY.person)
    const at = readKey(cursor)
    const person = cursor.bytes.subarray(at, at + 32)
    expectBytes(cursor, KEY.history)
    const history = HISTORIES[readCount(cursor, HISTORIES.length)]
    expectBytes(cursor, KEY.permission)
    const permission = PERMISSIONS[readCount(cursor, PERMISSIONS.length)]
    const before = list.at(-1)
    if (before !== undefined && compareAt(before.person, 0, person, 0, 32) >= 0) refuse('a list of people is not in order')
    if (history === undefined || permission === undefined) refuse('a number is too large')
    list.push({ person, permission, history })
  }
  return list
}

function readKeyList (cursor: Cursor): Uint8Array[] {
  const { bytes } = cursor
  const count = readLength(cursor, 4, MAX_ACCESS_CHANGES)
  const list: Uint8Array[] = []
  for (let index = 0; index < count; index++) {
    const at = readKey(cursor)
    if (index > 0 && compareAt(bytes, at - 34, bytes, at, 32) >= 0) refuse('a list of people is not in order')
    list.push(bytes.subarray(at, at + 32))
  }
  return list
}

function readKeys (cursor: Cursor): KeyCopy[] {
  const { bytes } = cursor
  const count = readLength(cursor, 4, MAX_ACTION_BYTES)
  if (count === 0) refuse('an optional list is empty')
  const copies: KeyCopy[] = []
  let lastAt = -1
  for (let index = 0; index < count; index++) {
    const fields = readHead(cursor, 5)
    if (fields !== 3 && fields !== 4) refuse('a sealed key has other keys than ct, enc, device and prekey')
    expectBytes(cursor, KEY.ct)
    const ct = readByteString(cursor, 0)
    expectBytes(cursor, KEY.enc)
    const encAt = readKey(cursor)
    expectBytes(cursor, KEY.device)
    const deviceAt = readKey(cursor)
    if (lastAt >= 0 && compareAt(bytes, lastAt, bytes, deviceAt, 32) >= 0) refuse('its sealed keys are not in order')
    lastAt = deviceAt
    const copy = { device: bytes.subarray(deviceAt, deviceAt + 32), enc: bytes.subarray(encAt, encAt + 32), ct }
    copies.push(fields === 3 ? copy : { ...copy, prekey: readPreKey(cursor) })
  }
  return copies
}

function readPreKey (cursor: Cursor): Uint8Array {
  expectBytes(cursor, KEY.prekey)
  const id = readByteString(cursor, PRE_KEY_ID_BYTES)
  if (id.length !== PRE_KEY_ID_BYTES) refuse('the id of a pre-key is not 8 bytes')
  return id
}

function readByteString (cursor: Cursor, min: number): Uint8Array {
  const length = readLength(cursor, 2, MAX_ACTION_BYTES)
  const end = cursor.at + length
  if (length < min || end > cursor.bytes.length) refuse('a byte string is cut or too short')
  const value = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return value
}
