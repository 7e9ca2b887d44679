import { CID } from 'multiformats/cid'
import { equalBytes } from '#equal-bytes'
import { isReserved } from './canonical-writer.ts'

/** Deeper values are left to the general decoder. */
const MAX_DEPTH = 32
const LINK_HEAD = [0xd8, 0x2a]
/** What a text may not begin with here: decoders differ about a byte order mark. */
const MARK = 0xef

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A place in bytes; `failed` once something was met that is not for this reader. */
interface Cursor { readonly bytes: Uint8Array, at: number, failed: boolean }

/**
 * Decodes what nearly all canonical DAG-CBOR consists of, checking the
 * canonical form as it goes: the shortest numbers, definite lengths, ASCII keys
 * in their order, no floats. Returns undefined for anything else, good or bad,
 * which the general decoder then takes or refuses. So this one decides nothing
 * by itself: it only must not take what the other refuses.
 */
export function readCanonical (bytes: Uint8Array): { value: unknown } | undefined {
  // A plain array: slices of a Buffer would be views.
  const plain = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor: Cursor = { bytes: plain, at: 0, failed: false }
  const value = read(cursor, 0)
  return cursor.failed || cursor.at !== plain.length ? undefined : { value }
}

function read (cursor: Cursor, depth: number): unknown {
  const first = cursor.bytes[cursor.at] ?? 0xff
  switch (first >> 5) {
    case 0: return readHead(cursor)
    case 1: return -1 - readHead(cursor)
    case 2: return readBytes(cursor)
    case 3: return readText(cursor)
    case 4: return readList(cursor, depth)
    case 5: return readMap(cursor, depth)
    case 6: return readLink(cursor)
    default: return readSimple(cursor, first)
  }
}

function fail (cursor: Cursor): undefined {
  cursor.failed = true
  return undefined
}

/** Reads the argument of a head in its shortest form; the bytes that follow are not looked at. */
function readHead (cursor: Cursor): number {
  const { bytes } = cursor
  const minor = (bytes[cursor.at++] ?? 0xff) & 31
  if (minor < 24) return minor
  const width = minor === 24 ? 1 : minor === 25 ? 2 : minor === 26 ? 4 : minor === 27 ? 8 : 0
  const end = cursor.at + width
  if (width === 0 || end > bytes.length) {
    cursor.failed = true
    return 0
  }
  let value = 0
  for (; cursor.at < end; cursor.at++) value = value * 256 + (bytes[cursor.at] ?? 0)
  const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x100000000
  // The negative of the largest safe number is one more than that.
  if (value < least || value >= Number.MAX_SAFE_INTEGER) cursor.failed = true
  return value
}

/** Steps over as many bytes as a head says and returns where they begin. */
function take (cursor: Cursor): number {
  const length = readHead(cursor)
  const from = cursor.at
  if (from + length > cursor.bytes.length) cursor.failed = true
  else cursor.at += length
  return from
}

function readBytes (cursor: Cursor): Uint8Array | undefined {
  const from = take(cursor)
  return cursor.failed ? undefined : cursor.bytes.slice(from, cursor.at)
}

function readText (cursor: Cursor): string | undefined {
  const from = take(cursor)
  if (cursor.failed) return undefined
  const { bytes, at } = cursor
  if (at - from > 64) return readUnicode(cursor, from)
  let text = ''
  for (let index = from; index < at; index++) {
    const byte = bytes[index] ?? 0xff
    if (byte >= 0x80) return readUnicode(cursor, from)
    text += String.fromCharCode(byte)
  }
  return text
}

function readUnicode (cursor: Cursor, from: number): string | undefined {
  if (cursor.bytes[from] === MARK) return fail(cursor)
  try {
    return decoder.decode(cursor.bytes.subarray(from, cursor.at))
  } catch {
    return fail(cursor)
  }
}

function readList (cursor: Cursor, depth: number): unknown[] | undefined {
  const length = readHead(cursor)
  // Every item takes a byte, so a length that was made up ends here.
  if (depth >= MAX_DEPTH || length > cursor.bytes.length - cursor.at) return fail(cursor)
  const list: unknown[] = []
  for (let index = 0; index < length && !cursor.failed; index++) list.push(read(cursor, depth + 1))
  return list
}

function readMap (cursor: Cursor, depth: number): Record<string, unknown> | undefined {
  const length = readHead(cursor)
  if (depth >= MAX_DEPTH || length > cursor.bytes.length - cursor.at) return fail(cursor)
  const map: Record<string, unknown> = {}
  let last: string | undefined
  for (let index = 0; index < length && !cursor.failed; index++) {
    const key = readKey(cursor)
    if (key === undefined || isReserved(key) || (last !== undefined && !isAfter(key, last))) return fail(cursor)
    map[key] = read(cursor, depth + 1)
    last = key
  }
  return map
}

function readKey (cursor: Cursor): string | undefined {
  const { bytes } = cursor
  if ((bytes[cursor.at] ?? 0) >> 5 !== 3) return undefined
  const from = take(cursor)
  if (cursor.failed) return undefined
  let key = ''
  for (let index = from; index < cursor.at; index++) {
    const byte = bytes[index] ?? 0xff
    if (byte >= 0x80) return undefined
    key += String.fromCharCode(byte)
  }
  return key
}

/** Whether an ASCII key comes after another one: by length, then by bytes. */
function isAfter (key: string, other: string): boolean {
  return key.length === other.length ? key > other : key.length > other.length
}

function readLink (cursor: Cursor): CID | undefined {
  if (!LINK_HEAD.every((byte, index) => cursor.bytes[cursor.at + index] === byte)) return fail(cursor)
  cursor.at += LINK_HEAD.length
  if ((cursor.bytes[cursor.at] ?? 0) >> 5 !== 2) return fail(cursor)
  const bytes = readBytes(cursor)
  if (bytes === undefined || bytes[0] !== 0) return fail(cursor)
  try {
    const encoded = bytes.subarray(1)
    const cid = CID.decode(encoded)
    return equalBytes(cid.bytes, encoded) ? cid : fail(cursor)
  } catch {
    return fail(cursor)
  }
}

function readSimple (cursor: Cursor, first: number): boolean | null | undefined {
  cursor.at++
  switch (first) {
    case 0xf4: return false
    case 0xf5: return true
    case 0xf6: return null
    default: return fail(cursor)
  }
}
