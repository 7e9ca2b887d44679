import { InvalidArgumentError, type AbortOptions } from '@parley/core'
import type { AudioFormat, PcmSource } from './audio.ts'
import { MAX_RATE_HZ, MIN_RATE_HZ } from './pcm/resampler.ts'
import { fromS16 } from './pcm/s16.ts'

/**
 * Reads raw PCM without a header: signed 16-bit little-endian, interleaved,
 * as recorders write it to standard output. A cut last sample is left out.
 *
 * @throws {InvalidArgumentError} when the format is none
 */
export function rawPcm (input: AsyncIterable<Uint8Array>, format: AudioFormat): PcmSource {
  const { sampleRateHz, channels } = format
  if (!Number.isInteger(sampleRateHz) || sampleRateHz < MIN_RATE_HZ || sampleRateHz > MAX_RATE_HZ) throw new InvalidArgumentError(`A sample rate is a whole number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ}, not ${sampleRateHz}`)
  if (!Number.isInteger(channels) || channels < 1 || channels > 32) throw new InvalidArgumentError(`Raw PCM has 1 to 32 channels, not ${channels}`)
  return { kind: 'pcm', format: { sampleRateHz, channels }, read: options => readWhole(input, channels * 2, options) }
}

/** Yields what arrives in whole frames, however it was cut on its way. */
async function * readWhole (input: AsyncIterable<Uint8Array>, frameBytes: number, { signal }: AbortOptions = {}): AsyncGenerator<Float32Array> {
  let rest = new Uint8Array(0)
  for await (const chunk of input) {
    signal?.throwIfAborted()
    const bytes = new Uint8Array(rest.length + chunk.length)
    bytes.set(rest)
    bytes.set(chunk, rest.length)
    const whole = bytes.length - bytes.length % frameBytes
    rest = bytes.slice(whole)
    if (whole > 0) yield fromS16(bytes.subarray(0, whole))
  }
}
