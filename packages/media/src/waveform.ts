import { createOpusCodec } from '#opus-codec'
import { InvalidArgumentError, InvalidBytesError } from '@parley/core'
import { OPUS_PRE_SKIP, OPUS_RATE_HZ, type OpusPacket } from './audio.ts'
import type { OpusCodec, OpusDecoder } from './opus/opus-codec.ts'

/** The level that peak 0 stands for. */
const FLOOR_DB = -60

/** Measures loudness over time for a drawing. */
export interface Waveform {
  /**
   * Takes the next PCM (mono, at the waveform's rate; measured before the call
   * returns) or the next Opus packet (decoded; measured when the promise
   * resolves, one after another). One or the other, not both.
   */
  add(audio: Float32Array | OpusPacket): Promise<void>
  /**
   * Returns one byte for each interval, the last one as far as it was heard:
   * the largest magnitude in dB, 0 for -60 dBFS or less, 255 for full scale.
   */
  peaks(): Uint8Array
  /** Frees the decoder, where packets were added; harmless when repeated. */
  close(): void
}

/** Creates a waveform. `preSkip` samples are left out in front where packets are added. */
export function createWaveform ({ peaksPerSecond = 20, sampleRateHz = OPUS_RATE_HZ, preSkip = OPUS_PRE_SKIP, codec }: {
  /** @default 20 */
  peaksPerSecond?: number
  /** Of PCM that is added. @default 48000 */
  sampleRateHz?: number
  /** @default 312 */
  preSkip?: number
  codec?: OpusCodec
} = {}): Waveform {
  if (!(peaksPerSecond > 0 && peaksPerSecond <= sampleRateHz)) throw new InvalidArgumentError(`A waveform has more than 0 and at most ${sampleRateHz} peaks a second, not ${peaksPerSecond}`)
  const peaks: number[] = []
  let measured = 0
  const measure = (pcm: Float32Array): void => {
    for (const sample of pcm) {
      const index = Math.floor(measured++ * peaksPerSecond / sampleRateHz)
      const magnitude = Math.abs(sample)
      if (index >= peaks.length) peaks.push(magnitude)
      else if (magnitude > (peaks[index] ?? 0)) peaks[index] = magnitude
    }
  }
  let decoder: Promise<OpusDecoder> | undefined
  let toSkip = preSkip
  const decode = async (packet: OpusPacket): Promise<void> => {
    decoder ??= (codec ?? createOpusCodec()).createDecoder()
    for (const block of await decoded(await decoder, packet)) {
      const skipped = Math.min(toSkip, block.length)
      toSkip -= skipped
      measure(block.subarray(skipped))
    }
  }
  let last = Promise.resolve()
  return {
    async add (audio) {
      if (audio instanceof Float32Array) {
        measure(audio)
        return
      }
      const mine = last.then(async () => { await decode(audio) })
      last = mine.catch(() => {})
      await mine
    },
    peaks: () => Uint8Array.from(peaks, toByte),
    close () {
      void decoder?.then(opened => { opened.close() }, () => {})
      decoder = undefined
    }
  }
}

/** A packet that cannot be decoded is drawn as silence. */
async function decoded (decoder: OpusDecoder, packet: OpusPacket): Promise<Float32Array[]> {
  if (packet.data.length === 0) return [new Float32Array(packet.samples)]
  try {
    const blocks = await decoder.decode(packet.data)
    return blocks.map(block => block.subarray(0, packet.samples))
  } catch (error) {
    if (error instanceof InvalidBytesError) return [new Float32Array(packet.samples)]
    throw error
  }
}

function toByte (magnitude: number): number {
  if (magnitude <= 0) return 0
  const level = 1 - 20 * Math.log10(magnitude) / FLOOR_DB
  return Math.round(255 * Math.min(1, Math.max(0, level)))
}
