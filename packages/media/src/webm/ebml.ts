import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError } from '../errors.ts'

/** The head of one element (RFC 8794 section 4). */
export interface ElementHead {
  /** Where the element begins, in bytes from the start of the file. */
  offset: number
  id: number
  /** Undefined in a live stream, where nobody knew it. */
  size: number | undefined
}

/** More bytes no element's head has: four of its id and eight of its size. */
const MAX_HEAD_BYTES = 12

/**
 * Takes the head of the next element, or undefined when the file ends before it.
 *
 * @throws {DamagedAudioError}
 */
export async function takeHead (reader: ByteReader): Promise<ElementHead | 'cut' | undefined> {
  const { offset } = reader
  const bytes = await reader.peek(MAX_HEAD_BYTES)
  if (bytes.length === 0) return undefined
  const head = parseHead(bytes, 0, offset)
  if (head === 'cut') return 'cut'
  await reader.take(head.dataAt)
  return { offset, id: head.id, size: head.size }
}

/** Yields the elements of a master that is at hand; one that does not fit is damage. */
export function * elements (master: Uint8Array, offset: number): Generator<{ id: number, data: Uint8Array, offset: number }> {
  for (let at = 0; at < master.length;) {
    const head = parseHead(master, at, offset + at)
    if (head === 'cut' || head.size === undefined || head.dataAt + head.size > master.length) throw new DamagedAudioError('an element is larger than what it lies in', offset + at)
    yield { id: head.id, data: master.subarray(head.dataAt, head.dataAt + head.size), offset: offset + head.dataAt }
    at = head.dataAt + head.size
  }
}

/** Reads an unsigned number of up to six bytes; more are no size or time of audio. */
export function unsigned (data: Uint8Array, offset: number): number {
  const value = data.reduce((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(value)) throw new DamagedAudioError('a number is too large', offset)
  return value
}

/** Reads a number whose first byte tells its length by its leading zeros. */
export function variable (bytes: Uint8Array, at: number): { value: number, length: number, unknown: boolean } | undefined {
  const first = bytes[at] ?? 0
  const length = first === 0 ? 9 : Math.clz32(first) - 23
  if (length > 8 || at + length > bytes.length) return undefined
  const mask = 0xff >> length
  let value = first & mask
  let unknown = value === mask
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index] ?? 0
    unknown &&= byte === 0xff
    value = value * 256 + byte
  }
  return { value, length, unknown }
}

function parseHead (bytes: Uint8Array, at: number, offset: number): { id: number, size: number | undefined, dataAt: number } | 'cut' {
  const first = bytes[at] ?? 0
  const idLength = first === 0 ? 9 : Math.clz32(first) - 23
  if (idLength > 4) throw new DamagedAudioError('no element begins where one should', offset)
  if (at + idLength >= bytes.length) return 'cut'
  // An id keeps the bit that tells its length.
  const id = bytes.subarray(at, at + idLength).reduce((sum, byte) => sum * 256 + byte, 0)
  if (bytes[at + idLength] === 0) throw new DamagedAudioError('an element has no size', offset)
  const size = variable(bytes, at + idLength)
  if (size === undefined) return 'cut'
  if (!size.unknown && !Number.isSafeInteger(size.value)) throw new DamagedAudioError('an element is too large', offset)
  return { id, size: size.unknown ? undefined : size.value, dataAt: at + idLength + size.length }
}
