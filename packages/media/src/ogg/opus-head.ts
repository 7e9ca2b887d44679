import { DamagedAudioError, UnsupportedAudioError } from '../errors.ts'

/** What OpusHead says (RFC 7845 section 5.1). */
export interface OpusHead {
  channels: number
  preSkip: number
  inputSampleRateHz: number
  gainDb: number
  /** Streams within a packet, how many of them are stereo, and which of their channels each output channel takes. */
  streams: number
  coupled: number
  mapping: number[]
}

/** Parses the identification header, also as it lies in WebM's CodecPrivate. */
export function parseOpusHead (packet: Uint8Array, offset: number): OpusHead {
  if (packet.length < 19) throw new DamagedAudioError('the Opus header is cut', offset)
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const version = view.getUint8(8)
  if (version >> 4 !== 0) throw new UnsupportedAudioError(`Ogg Opus of version ${version}`)
  const channels = view.getUint8(9)
  const family = view.getUint8(18)
  if (channels === 0) throw new DamagedAudioError('the Opus header names no channels', offset)
  const common = { channels, preSkip: view.getUint16(10, true), inputSampleRateHz: view.getUint32(12, true), gainDb: view.getInt16(16, true) / 256 }
  if (family === 0) {
    if (channels > 2) throw new DamagedAudioError(`mapping family 0 with ${channels} channels`, offset)
    return { ...common, streams: 1, coupled: channels - 1, mapping: channels === 1 ? [0] : [0, 1] }
  }
  if (family !== 1 && family !== 255) throw new UnsupportedAudioError(`Opus with channel mapping family ${family}`)
  if (packet.length < 21 + channels) throw new DamagedAudioError('the channel mapping is cut', offset)
  const streams = view.getUint8(19)
  const coupled = view.getUint8(20)
  const mapping = [...packet.subarray(21, 21 + channels)]
  if (streams === 0 || coupled > streams || mapping.some(index => index !== 255 && index >= streams + coupled)) throw new DamagedAudioError('the channel mapping names streams that are not there', offset)
  return { ...common, streams, coupled, mapping }
}

/** Writes an identification header of mapping family 0. */
export function opusHeadBytes ({ channels, preSkip, inputSampleRateHz }: { channels: 1 | 2, preSkip: number, inputSampleRateHz: number }): Uint8Array {
  const bytes = new Uint8Array(19)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode('OpusHead'))
  bytes[8] = 1
  bytes[9] = channels
  view.setUint16(10, preSkip, true)
  view.setUint32(12, inputSampleRateHz, true)
  return bytes
}

/** Writes a comment header (RFC 7845 section 5.2); each comment is `NAME=value`. */
export function opusTagsBytes (vendor: string, comments: string[]): Uint8Array {
  const encoder = new TextEncoder()
  const texts = [vendor, ...comments].map(text => encoder.encode(text))
  const bytes = new Uint8Array(8 + 4 + texts.reduce((sum, text) => sum + 4 + text.length, 0))
  const view = new DataView(bytes.buffer)
  bytes.set(encoder.encode('OpusTags'))
  let at = 8
  for (const [index, text] of texts.entries()) {
    view.setUint32(at, text.length, true)
    bytes.set(text, at + 4)
    at += 4 + text.length
    if (index > 0) continue
    view.setUint32(at, comments.length, true)
    at += 4
  }
  return bytes
}
