import { InvalidBytesError } from '@parley/core'

/** A place in bytes, moved by the functions of this file. */
export interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** What stands before the 32 bytes of a hash in a DAG-CBOR link: tag 42, 37 bytes, 0x00, CIDv1, codec, sha2-256, 32. */
export const LINK_BYTES = 41
const LINK_HEAD_BYTES = 9
export const CBOR_NULL = 0xf6

export function refuse (reason: string): never {
  throw new InvalidBytesError('action', reason)
}

/** Reads a head of major type `major` in its shortest form and returns its argument. */
export function readHead (cursor: Cursor, major: number): number {
  const { bytes } = cursor
  const first = bytes[cursor.at++]
  if (first === undefined || first >> 5 !== major) refuse('a value has another type than expected')
  const minor = first & 31
  if (minor < 24) return minor
  const width = minor === 24 ? 1 : minor === 25 ? 2 : minor === 26 ? 4 : minor === 27 ? 8 : 0
  if (width === 0 || cursor.at + width > bytes.length) refuse('a number is cut or has no definite length')
  let value = 0
  const end = cursor.at + width
  for (; cursor.at < end; cursor.at++) value = value * 256 + (bytes[cursor.at] ?? 0)
  const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x100000000
  if (value < least || value > Number.MAX_SAFE_INTEGER) refuse('a number is not in its shortest form')
  return value
}

/** Reads a whole number of at least 0 and below `limit`. */
export function readCount (cursor: Cursor, limit: number): number {
  const value = readHead(cursor, 0)
  if (value >= limit) refuse('a number is too large')
  return value
}

/** Reads the head of a list or byte string and returns its length, at most `max`. */
export function readLength (cursor: Cursor, major: number, max: number): number {
  const length = readHead(cursor, major)
  if (length > max) refuse('a list or byte string is too long')
  return length
}

/** Steps over a byte string of exactly 32 bytes and returns where they begin. */
export function readKey (cursor: Cursor): number {
  const { bytes, at } = cursor
  if (bytes[at] !== 0x58 || bytes[at + 1] !== 32) refuse('a key is not 32 bytes')
  cursor.at = at + 34
  return at + 2
}

/** Steps over a link and returns where its 32-byte hash begins; `raw` allows raw bytes and UnixFS nodes (dag-pb) as well. */
export function readLink (cursor: Cursor, raw: boolean): number {
  const { bytes, at } = cursor
  const codec = bytes[at + 6]
  const good = bytes[at] === 0xd8 && bytes[at + 1] === 0x2a && bytes[at + 2] === 0x58 && bytes[at + 3] === 0x25 &&
    bytes[at + 4] === 0 && bytes[at + 5] === 1 && (codec === 0x71 || (raw && (codec === 0x55 || codec === 0x70))) && bytes[at + 7] === 0x12 && bytes[at + 8] === 0x20
  if (!good) refuse('a link is no CIDv1 with SHA-256')
  cursor.at = at + LINK_BYTES
  return at + LINK_HEAD_BYTES
}

/** Steps over `expected`, for example a map key. */
export function expectBytes (cursor: Cursor, expected: Uint8Array): void {
  if (!startsWith(cursor, expected)) refuse('a key is missing, unknown or out of order')
  cursor.at += expected.length
}

/** Steps over `expected` when it is next, and tells whether it was. */
export function takeBytes (cursor: Cursor, expected: Uint8Array): boolean {
  const found = startsWith(cursor, expected)
  if (found) cursor.at += expected.length
  return found
}

function startsWith ({ bytes, at }: Cursor, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[at + index] !== expected[index]) return false
  }
  return true
}

/** Orders two stretches of `length` bytes as byte strings. */
export function compareAt (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): number {
  for (let index = 0; index < length; index++) {
    const difference = (a[aAt + index] ?? 0) - (b[bAt + index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
