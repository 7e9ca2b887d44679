import { InvalidArgumentError } from '@parley/core'
import type { AudioFormat } from '../audio.ts'
import { toS16 } from '../pcm/s16.ts'

const HEADER_BYTES = 44

/** Returns a WAV file of 16-bit PCM; `pcm` is interleaved, what is beyond -1 to 1 is clipped. */
export function wavBytes (pcm: Float32Array, { sampleRateHz, channels }: AudioFormat): Uint8Array {
  const data = toS16(pcm)
  if (data.length + HEADER_BYTES > 0xffff_ffff) throw new InvalidArgumentError('A WAV file holds at most 4 GiB')
  const bytes = new Uint8Array(HEADER_BYTES + data.length)
  const view = new DataView(bytes.buffer)
  const text = (at: number, value: string): void => { bytes.set(new TextEncoder().encode(value), at) }
  text(0, 'RIFF')
  view.setUint32(4, bytes.length - 8, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRateHz, true)
  view.setUint32(28, sampleRateHz * channels * 2, true)
  view.setUint16(32, channels * 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, data.length, true)
  bytes.set(data, HEADER_BYTES)
  return bytes
}
