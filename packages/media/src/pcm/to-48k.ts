import type { AbortOptions } from '@parley/core'
import { OPUS_RATE_HZ, type PcmSource } from '../audio.ts'
import { channelOf, interleave, mixTo } from './mix.ts'
import { createResampler } from './resampler.ts'

/** Yields a source at 48 kHz, mixed to `channels`. */
export async function * to48k (source: PcmSource, channels: 1 | 2, options: AbortOptions): AsyncGenerator<Float32Array> {
  const resamplers = Array.from({ length: channels }, () => createResampler(source.format.sampleRateHz, OPUS_RATE_HZ))
  for await (const block of source.read(options)) {
    const mixed = mixTo(channels, block, source.format.channels)
    const output = interleave(resamplers.map((resampler, index) => resampler.add(channelOf(mixed, channels, index))))
    if (output.length > 0) yield output
  }
  const rest = interleave(resamplers.map(resampler => resampler.end()))
  if (rest.length > 0) yield rest
}
