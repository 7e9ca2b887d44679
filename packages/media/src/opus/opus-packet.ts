import { InvalidBytesError } from '@parley/core'

/** A longer frame cannot be coded (RFC 6716 section 3.2.1). */
const MAX_FRAME_BYTES = 1275
/** No packet is longer than 120 ms (RFC 6716 section 3.2.5). */
const MAX_PACKET_SAMPLES = 5760

/** Where one Opus packet lies and how long it lasts. */
export interface PacketShape {
  /** Samples at 48 kHz per channel. */
  samples: number
  /** Bytes it takes, when it was read with self-delimited framing. */
  bytes: number
  /** The frames' lengths, and where their data begin. */
  frames: number[]
  dataAt: number
  /** Whether the frames are preceded by a count byte (code 3). */
  code: number
}

/**
 * Returns a packet's duration in samples at 48 kHz, or undefined when the
 * bytes break a rule of RFC 6716 section 3.4.
 */
export function packetDuration (packet: Uint8Array): number | undefined {
  return packetShape(packet)?.samples
}

/** Returns a packet's duration. @throws {InvalidBytesError} when it is none */
export function checkedDuration (packet: Uint8Array): number {
  const samples = packetDuration(packet)
  if (samples === undefined) throw new InvalidBytesError('Opus packet', 'its frames do not fit its length (RFC 6716 section 3.4)')
  return samples
}

/** Samples at 48 kHz of one frame, by the five bits of configuration in the first byte. */
export function frameSamples (toc: number): number {
  const config = toc >> 3
  if (config < 12) return [480, 960, 1920, 2880][config & 3] ?? 0
  if (config < 16) return config & 1 ? 960 : 480
  return 120 << (config & 3)
}

/** Parses a packet; with `selfDelimited`, one of RFC 6716 appendix B that others may follow. */
export function packetShape (packet: Uint8Array, { selfDelimited = false }: { selfDelimited?: boolean } = {}): PacketShape | undefined {
  const toc = packet[0]
  if (toc === undefined) return undefined
  const code = toc & 3
  const count = code === 3 ? (packet[1] ?? 0) & 0x3f : code === 0 ? 1 : 2
  const samples = frameSamples(toc) * count
  if (count === 0 || samples > MAX_PACKET_SAMPLES) return undefined
  const at = { offset: code === 3 ? 2 : 1 }
  const padding = code === 3 && ((packet[1] ?? 0) & 0x40) !== 0 ? readPadding(packet, at) : 0
  if (padding === undefined) return undefined
  const variable = code === 2 || (code === 3 && ((packet[1] ?? 0) & 0x80) !== 0)
  const frames = variable
    ? variableFrames(packet, at, count, padding, selfDelimited)
    : constantFrames(packet, at, count, padding, selfDelimited)
  if (frames === undefined || frames.some(length => length > MAX_FRAME_BYTES)) return undefined
  const bytes = at.offset + frames.reduce((sum, length) => sum + length, 0) + padding
  const fits = selfDelimited ? bytes <= packet.byteLength : bytes === packet.byteLength
  return fits ? { samples, bytes, frames, dataAt: at.offset, code } : undefined
}

interface Cursor { offset: number }

function readPadding (packet: Uint8Array, at: Cursor): number | undefined {
  let padding = 0
  for (;;) {
    const byte = packet[at.offset++]
    if (byte === undefined) return undefined
    if (byte < 255) return padding + byte
    padding += 254
  }
}

/** Reads a frame length of one or two bytes (RFC 6716 section 3.2.1). */
function readLength (packet: Uint8Array, at: Cursor): number | undefined {
  const first = packet[at.offset++]
  if (first === undefined || first < 252) return first
  const second = packet[at.offset++]
  return second === undefined ? undefined : second * 4 + first
}

function constantFrames (packet: Uint8Array, at: Cursor, count: number, padding: number, selfDelimited: boolean): number[] | undefined {
  const length = selfDelimited ? readLength(packet, at) : (packet.byteLength - at.offset - padding) / count
  if (length === undefined || length < 0 || !Number.isInteger(length)) return undefined
  return Array.from({ length: count }, () => length)
}

function variableFrames (packet: Uint8Array, at: Cursor, count: number, padding: number, selfDelimited: boolean): number[] | undefined {
  const frames: number[] = []
  for (let index = 0; index < count - 1; index++) {
    const length = readLength(packet, at)
    if (length === undefined) return undefined
    frames.push(length)
  }
  const known = selfDelimited ? readLength(packet, at) : undefined
  const rest = packet.byteLength - at.offset - padding - frames.reduce((sum, length) => sum + length, 0)
  const last = selfDelimited ? known : rest
  if (last === undefined || last < 0) return undefined
  return [...frames, last]
}
