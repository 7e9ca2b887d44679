import type { AudioFormat } from '../audio.ts'
import { DamagedAudioError, UnsupportedAudioError } from '../errors.ts'
import { MAX_RATE_HZ, MIN_RATE_HZ } from '../pcm/resampler.ts'

const PCM = 1
const FLOAT = 3
const EXTENSIBLE = 0xfffe
const MAX_CHANNELS = 32
/** What people meet most often under the other format tags. */
const NAMES: Record<number, string> = { 2: 'Microsoft ADPCM', 6: 'A-law', 7: 'µ-law', 17: 'IMA ADPCM', 49: 'GSM 6.10', 80: 'MPEG layer 2', 85: 'MP3' }

/** How samples lie in a WAV file's data. */
export interface WavFormat extends AudioFormat {
  encoding: 'integer' | 'float'
  bitsPerSample: number
  /** Bytes of one sample of every channel. */
  frameBytes: number
}

/** Parses a `fmt ` chunk that began at `offset`. */
export function parseWavFormat (chunk: Uint8Array, offset: number): WavFormat {
  if (chunk.length < 16) throw new DamagedAudioError(`the format chunk has ${chunk.length} bytes, at least 16 are needed`, offset)
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const tag = view.getUint16(0, true)
  // An extensible format names its real tag at the start of a GUID.
  const format = tag === EXTENSIBLE && chunk.length >= 26 ? view.getUint16(24, true) : tag
  const channels = view.getUint16(2, true)
  const sampleRateHz = view.getUint32(4, true)
  const frameBytes = view.getUint16(12, true)
  const bitsPerSample = view.getUint16(14, true)
  if (format !== PCM && format !== FLOAT) throw new UnsupportedAudioError(`a WAV file of ${NAMES[format] ?? `format ${format}`}`)
  const bits = format === PCM ? [8, 16, 24, 32] : [32, 64]
  if (!bits.includes(bitsPerSample)) throw new UnsupportedAudioError(`a WAV file of ${bitsPerSample}-bit ${format === PCM ? 'PCM' : 'float'}`)
  if (channels < 1 || channels > MAX_CHANNELS) throw new UnsupportedAudioError(`a WAV file of ${channels} channels`)
  if (sampleRateHz < MIN_RATE_HZ || sampleRateHz > MAX_RATE_HZ) throw new UnsupportedAudioError(`a WAV file at ${sampleRateHz} Hz`)
  if (frameBytes !== channels * bitsPerSample / 8) throw new DamagedAudioError(`${channels} channels of ${bitsPerSample} bits do not make frames of ${frameBytes} bytes`, offset)
  return { sampleRateHz, channels, encoding: format === PCM ? 'integer' : 'float', bitsPerSample, frameBytes }
}

/** Converts whole frames of data to samples from -1 to 1. */
export function samplesOf (bytes: Uint8Array, format: WavFormat): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sampleBytes = format.bitsPerSample / 8
  const read = readerOf(format)
  const samples = new Float32Array(Math.floor(bytes.byteLength / sampleBytes))
  for (let index = 0; index < samples.length; index++) samples[index] = read(view, index * sampleBytes)
  return samples
}

function readerOf ({ encoding, bitsPerSample }: WavFormat): (view: DataView, at: number) => number {
  if (encoding === 'float') return bitsPerSample === 32 ? (view, at) => finite(view.getFloat32(at, true)) : (view, at) => finite(view.getFloat64(at, true))
  if (bitsPerSample === 8) return (view, at) => (view.getUint8(at) - 128) / 128
  if (bitsPerSample === 16) return (view, at) => view.getInt16(at, true) / 2 ** 15
  if (bitsPerSample === 24) return (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23
  return (view, at) => view.getInt32(at, true) / 2 ** 31
}

/** One sample that is no number, or beyond any loudness, would poison the resampler for its whole window. */
function finite (sample: number): number {
  return Number.isNaN(sample) ? 0 : Math.min(16, Math.max(-16, sample))
}
