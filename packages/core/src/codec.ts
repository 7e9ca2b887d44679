import { equalBytes } from '#equal-bytes'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { readCanonical } from './canonical-reader.ts'
import { writeCanonical } from './canonical-writer.ts'
import { InvalidBytesError, OversizedBytesError } from './errors.ts'

/** Anything that checks an unknown value and returns it typed, or throws: a zod schema's `parse`. */
export interface Schema<T> {
  parse(value: unknown): T
}

/** Encodes a value as canonical DAG-CBOR (https://ipld.io/specs/codecs/dag-cbor/spec/). */
export function encodeCanonical (value: unknown): Uint8Array<ArrayBuffer> {
  // What the library writes the same, some five times as fast. It types its buffer loosely but always allocates a plain one.
  return writeCanonical(value) ?? dagCbor.encode(value) as Uint8Array<ArrayBuffer>
}

/**
 * Decodes DAG-CBOR that re-encodes to exactly the same bytes.
 *
 * The library's decoder lets several byte strings mean one value; what is
 * signed or named by its hash must have one form only.
 *
 * @throws {OversizedBytesError} before decoding, when `bytes` exceed `maxBytes`
 * @throws {InvalidBytesError} when they are no DAG-CBOR, not canonical, nested too deep, or have a key `__proto__`
 */
export function decodeCanonical (what: string, bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.byteLength > maxBytes) throw new OversizedBytesError(what, bytes.byteLength, maxBytes)
  const known = readCanonical(bytes)
  if (known !== undefined) return known.value
  let value: unknown
  let again: Uint8Array
  try {
    value = dagCbor.decode(bytes)
    again = dagCbor.encode(value)
  } catch (cause) {
    throw new InvalidBytesError(what, 'they are not DAG-CBOR', { cause })
  }
  if (!equalBytes(again, bytes)) throw new InvalidBytesError(what, 'they are not in canonical form')
  if (mayNamePrototype(bytes) && namesPrototype(value)) throw new InvalidBytesError(what, 'they name a key __proto__')
  return value
}

/** `__proto__` as a CBOR string of nine bytes, without its head. */
const PROTOTYPE = Array.from('__proto__', letter => letter.charCodeAt(0))
const STRING_OF_NINE = 0x69

/** Looks for the key's bytes: they are rare, and walking every value would cost. */
function mayNamePrototype (bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(STRING_OF_NINE); at !== -1; at = bytes.indexOf(STRING_OF_NINE, at + 1)) {
    if (PROTOTYPE.every((byte, index) => bytes[at + 1 + index] === byte)) return true
  }
  return false
}

/** Tells whether a map within `value` has the key: copying such a map by assignment would set its prototype. */
function namesPrototype (value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || CID.asCID(value) !== null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype)
}

/** A wire or storage format: what it is called, how large it may be and what it holds. */
export interface Codec<T> {
  readonly what: string
  readonly maxBytes: number
  /** @throws {OversizedBytesError | InvalidBytesError} when the value is none that `decode` would take */
  encode(value: T): Uint8Array<ArrayBuffer>
  /** @throws {OversizedBytesError | InvalidBytesError} */
  decode(bytes: Uint8Array): T
}

/** Creates a codec whose values are checked by `schema` in both directions. */
export function createCodec<T> (what: string, schema: Schema<T>, { maxBytes }: { maxBytes: number }): Codec<T> {
  const check = (value: unknown): T => {
    try {
      return schema.parse(value)
    } catch (cause) {
      throw new InvalidBytesError(what, describe(cause), { cause })
    }
  }
  return {
    what,
    maxBytes,
    encode (value) {
      const bytes = encodeCanonical(check(value))
      if (bytes.byteLength > maxBytes) throw new OversizedBytesError(what, bytes.byteLength, maxBytes)
      return bytes
    },
    decode: bytes => check(decodeCanonical(what, bytes, maxBytes))
  }
}

interface Issue { path?: PropertyKey[], message?: string }

/** Names the first field a schema complained about, without quoting the value. */
function describe (cause: unknown): string {
  const issue = (cause as { issues?: Issue[] }).issues?.[0]
  if (issue === undefined) return 'they do not match its schema'
  const path = issue.path?.map(String).join('.') ?? ''
  return path === '' ? issue.message ?? 'they do not match its schema' : `${path}: ${issue.message ?? 'unexpected'}`
}
