import { CID } from 'multiformats/cid'

const DRAFT_BYTES = 4096
/** Deeper values are left to the general encoder, which also knows loops. */
const MAX_DEPTH = 32
const CID_TAG = [0xd8, 0x2a]
const FEW_KEYS = 32
/** Longer texts are encoded natively. */
const SHORT_TEXT = 48

const LONE_SURROGATE = /\p{Surrogate}/u
const encoder = new TextEncoder()

/** Where small values are written first, over and over: a buffer for each would cost more than the writing. Zeros between uses. */
let draft: Uint8Array<ArrayBuffer> | undefined

/** Bytes that grow as they are written. */
interface Writer { buffer: Uint8Array<ArrayBuffer>, at: number }

/**
 * Encodes what nearly all values consist of as canonical DAG-CBOR: null,
 * booleans, safe integers, text, bytes, CIDs, lists and plain objects with
 * ASCII keys. Returns undefined where there is anything else, which the general
 * encoder then takes or refuses.
 */
export function writeCanonical (value: unknown): Uint8Array<ArrayBuffer> | undefined {
  const writer: Writer = { buffer: draft ?? new Uint8Array(DRAFT_BYTES), at: 0 }
  // Out of reach while in use: a property may be a function that encodes.
  draft = undefined
  try {
    return write(writer, value, 0) ? writer.buffer.slice(0, writer.at) : undefined
  } finally {
    if (writer.buffer.length === DRAFT_BYTES) draft = writer.buffer.fill(0)
  }
}

function write (writer: Writer, value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string': return writeText(writer, value)
    case 'number': return writeNumber(writer, value)
    case 'boolean': return writeByte(writer, value ? 0xf5 : 0xf4)
    case 'object': return writeObject(writer, value, depth)
    default: return false
  }
}

function writeObject (writer: Writer, value: object | null, depth: number): boolean {
  if (value === null) return writeByte(writer, 0xf6)
  if (value instanceof Uint8Array) return writeBytes(writer, value)
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) return writeList(writer, value, depth)
  if (value instanceof CID) return writeLink(writer, value.bytes)
  // What comes from a class, or looks like a CID of another copy of the library, has its own rules.
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return writeMap(writer, value as Record<string, unknown>, depth)
}

function writeByte (writer: Writer, byte: number): boolean {
  reserve(writer, 1)
  writer.buffer[writer.at++] = byte
  return true
}

function writeNumber (writer: Writer, value: number): boolean {
  if (!Number.isSafeInteger(value)) return false
  if (value < 0) writeHead(writer, 1, -1 - value)
  else writeHead(writer, 0, value)
  return true
}

function writeText (writer: Writer, text: string): boolean {
  const { at } = writer
  writeHead(writer, 3, text.length)
  if (text.length > SHORT_TEXT) {
    // Three bytes a unit are the most: what takes one each is ASCII, and its head is right.
    reserve(writer, text.length * 3)
    if (encoder.encodeInto(text, writer.buffer.subarray(writer.at)).written === text.length) {
      writer.at += text.length
      return true
    }
  } else {
    reserve(writer, text.length)
    if (writeAscii(writer, text)) return true
  }
  writer.at = at
  return writeUnicode(writer, text)
}

function writeAscii (writer: Writer, text: string): boolean {
  const { buffer } = writer
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return false
    buffer[writer.at++] = unit
  }
  return true
}

/** Leaves what is no proper Unicode to the general encoder. */
function writeUnicode (writer: Writer, text: string): boolean {
  if (LONE_SURROGATE.test(text)) return false
  const bytes = encoder.encode(text)
  writeHead(writer, 3, bytes.length)
  append(writer, bytes)
  return true
}

function writeBytes (writer: Writer, bytes: Uint8Array): boolean {
  writeHead(writer, 2, bytes.length)
  append(writer, bytes)
  return true
}

function writeLink (writer: Writer, bytes: Uint8Array): boolean {
  for (const byte of CID_TAG) writeByte(writer, byte)
  writeHead(writer, 2, bytes.length + 1)
  writeByte(writer, 0)
  append(writer, bytes)
  return true
}

function writeList (writer: Writer, list: unknown[], depth: number): boolean {
  writeHead(writer, 4, list.length)
  for (const item of list) {
    if (!write(writer, item, depth + 1)) return false
  }
  return true
}

function writeMap (writer: Writer, map: Record<string, unknown>, depth: number): boolean {
  const keys = inOrder(Object.keys(map))
  writeHead(writer, 5, keys.length)
  for (const key of keys) {
    if (isReserved(key)) return false
    const { at } = writer
    writeText(writer, key)
    // Keys that are not ASCII have another order by their bytes.
    if (writer.at - at - headBytes(key.length) !== key.length) return false
    if (!write(writer, map[key], depth + 1)) return false
  }
  return true
}

/** Keys by which a library may take an object for a CID, or which would set its prototype. */
export function isReserved (key: string): boolean {
  return key === '/' || key === 'asCID' || key === '__proto__'
}

/** Orders ASCII keys by their length, then by their bytes. */
function inOrder (keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  // A few keys, most of them in order: by insertion that costs a tenth.
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? ''
    let place = index
    for (let before = keys[place - 1]; before !== undefined && isBefore(key, before); before = keys[place - 1]) keys[place--] = before
    keys[place] = key
  }
  return keys
}

function isBefore (key: string, other: string): boolean {
  return key.length === other.length ? key < other : key.length < other.length
}

function headBytes (value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : value < 0x100000000 ? 5 : 9
}

function writeHead (writer: Writer, major: number, value: number): void {
  const bytes = headBytes(value)
  reserve(writer, bytes)
  const { buffer, at } = writer
  const type = major << 5
  writer.at = at + bytes
  if (bytes === 1) {
    buffer[at] = type | value
    return
  }
  buffer[at] = type | (bytes === 2 ? 24 : bytes === 3 ? 25 : bytes === 5 ? 26 : 27)
  let rest = value
  for (let index = bytes - 1; index > 0; index--) {
    buffer[at + index] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function append (writer: Writer, bytes: Uint8Array): void {
  reserve(writer, bytes.length)
  writer.buffer.set(bytes, writer.at)
  writer.at += bytes.length
}

function reserve (writer: Writer, bytes: number): void {
  if (writer.at + bytes <= writer.buffer.length) return
  const larger = new Uint8Array(Math.max(writer.buffer.length * 2, writer.at + bytes))
  larger.set(writer.buffer.subarray(0, writer.at))
  writer.buffer = larger
}
