import { InvalidBytesError, OversizedBytesError } from '@parley/core'
import * as lengthPrefixed from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'

/** What travels on a frame stream: docs/specs/0002-frames-and-blocks.md. */
export type FrameRecord =
  | { type: 'data', frame: Uint8Array }
  | { type: 'credit', sizeBytes: number }
  | { type: 'end' }
  | { type: 'abort', errorName: string }

// The high four bits are the version of the format, the low four the type.
const DATA = 0x10
const CREDIT = 0x11
const END = 0x12
const ABORT = 0x13

const MAX_LENGTH_BYTES = 4
const CREDIT_RECORD_BYTES = 5
const MAX_NAME_BYTES = 64
const NAME = /^[A-Za-z]{1,64}$/

/** Encodes a record with its length before it; a frame's bytes are copied, so that its owner may reuse them. */
export function encodeRecord (record: FrameRecord): Uint8Array {
  return lengthPrefixed.encode.single(new Uint8ArrayList(...parts(record))).subarray()
}

function parts (record: FrameRecord): Uint8Array[] {
  switch (record.type) {
    case 'data': return [Uint8Array.of(DATA), record.frame]
    case 'credit': {
      const bytes = new Uint8Array(CREDIT_RECORD_BYTES)
      bytes[0] = CREDIT
      new DataView(bytes.buffer).setUint32(1, record.sizeBytes)
      return [bytes]
    }
    case 'end': return [Uint8Array.of(END)]
    case 'abort': {
      const errorName = NAME.test(record.errorName) ? record.errorName : 'Error'
      return [Uint8Array.of(ABORT), new TextEncoder().encode(errorName)]
    }
  }
}

/** Cuts arriving bytes into records; keeps what is not complete yet. */
export interface RecordParser {
  /** True while a record has begun and not ended. */
  readonly midRecord: boolean
  /**
   * Takes bytes and yields the records that are complete.
   *
   * @throws {InvalidBytesError | OversizedBytesError} and must not be used after
   */
  push(bytes: Uint8Array | Uint8ArrayList): Generator<FrameRecord>
}

/** Creates a parser that refuses frames over `maxFrameBytes` as soon as their length is read. */
export function createRecordParser ({ maxFrameBytes }: { maxFrameBytes: number }): RecordParser {
  const buffer = new Uint8ArrayList()
  return {
    get midRecord () { return buffer.byteLength > 0 },
    * push (bytes) {
      buffer.append(bytes)
      for (;;) {
        const prefix = readLength(buffer, maxFrameBytes)
        if (prefix === undefined) return
        const total = prefix.sizeBytes + prefix.length
        if (buffer.byteLength < total) return
        const record = decodeRecord(buffer.subarray(prefix.sizeBytes, total), maxFrameBytes)
        buffer.consume(total)
        yield record
      }
    }
  }
}

/** Reads the varint at the start of `buffer`; undefined while it is not complete. */
function readLength (buffer: Uint8ArrayList, maxFrameBytes: number): { sizeBytes: number, length: number } | undefined {
  let length = 0
  for (let index = 0; index < buffer.byteLength; index++) {
    if (index === MAX_LENGTH_BYTES) throw new InvalidBytesError('frame', 'its length has too many bytes')
    const byte = buffer.get(index)
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte >= 0x80) continue
    if (index > 0 && byte === 0) throw new InvalidBytesError('frame', 'its length is not in shortest form')
    if (length === 0) throw new InvalidBytesError('frame', 'it has no type')
    if (length > Math.max(maxFrameBytes, MAX_NAME_BYTES) + 1) throw new OversizedBytesError('frame', length - 1, maxFrameBytes)
    return { sizeBytes: index + 1, length }
  }
  return undefined
}

function decodeRecord (bytes: Uint8Array, maxFrameBytes: number): FrameRecord {
  const payload = bytes.subarray(1)
  switch (bytes[0]) {
    case DATA:
      if (payload.byteLength > maxFrameBytes) throw new OversizedBytesError('frame', payload.byteLength, maxFrameBytes)
      // A small frame must not keep the whole network buffer it came in alive.
      return { type: 'data', frame: payload.byteLength * 2 < payload.buffer.byteLength ? payload.slice() : payload }
    case CREDIT:
      if (bytes.byteLength !== CREDIT_RECORD_BYTES) throw new InvalidBytesError('frame', 'its credit has the wrong size')
      return { type: 'credit', sizeBytes: new DataView(payload.buffer, payload.byteOffset).getUint32(0) }
    case END:
      if (payload.byteLength > 0) throw new InvalidBytesError('frame', 'its end carries bytes')
      return { type: 'end' }
    case ABORT: {
      const errorName = String.fromCharCode(...payload.subarray(0, MAX_NAME_BYTES + 1))
      if (!NAME.test(errorName)) throw new InvalidBytesError('frame', 'its error has no proper name')
      return { type: 'abort', errorName }
    }
    default:
      throw new InvalidBytesError('frame', 'its version or type is unknown')
  }
}
