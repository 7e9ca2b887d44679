import { encodeCanonical } from '@parley/core'
import { MAX_SEGMENT_BYTES } from './limits.ts'

// A keeper takes thousands of these a second, and each has one canonical form:
// a fixed beginning, the head of a byte string, the block. It is recognised
// without decoding and encoding the block again.
const PREFIX = encodeCanonical({ v: 1, type: 'segment', block: new Uint8Array(0) }).subarray(0, -1)

/** Returns the block of a frame that is exactly a canonical segment frame, as a view; undefined for everything else, which the codec then judges. */
export function segmentOfFrame (frame: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (frame.byteLength < PREFIX.byteLength + 2) return undefined
  for (let at = 0; at < PREFIX.byteLength; at++) if (frame[at] !== PREFIX[at]) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset + PREFIX.byteLength, frame.byteLength - PREFIX.byteLength)
  const head = headOf(view)
  if (head === undefined || head.length > MAX_SEGMENT_BYTES || head.bytes + head.length !== view.byteLength) return undefined
  return frame.subarray(PREFIX.byteLength + head.bytes) as Uint8Array<ArrayBuffer>
}

/** Reads the head of a byte string of 24 bytes or more in its shortest form (RFC 8949, section 3). */
function headOf (view: DataView): { bytes: number, length: number } | undefined {
  const type = view.getUint8(0)
  if (type === 0x58) return shortest(2, view.getUint8(1), 24)
  if (type === 0x59 && view.byteLength >= 3) return shortest(3, view.getUint16(1), 0x100)
  if (type === 0x5a && view.byteLength >= 5) return shortest(5, view.getUint32(1), 0x10000)
  return undefined
}

function shortest (bytes: number, length: number, least: number): { bytes: number, length: number } | undefined {
  return length >= least ? { bytes, length } : undefined
}
