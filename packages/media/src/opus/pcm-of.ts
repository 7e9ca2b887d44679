import { createOpusCodec } from '#opus-codec'
import { OPUS_RATE_HZ, type AudioSource, type OnDamage, type PcmSource } from '../audio.ts'
import { decodeOpus } from './decode-opus.ts'
import type { OpusCodec } from './opus-codec.ts'

/** Makes any source PCM: an Opus source is decoded, at 48 kHz, with its pre-skip, trim and gain applied. */
export function pcmOf (source: AudioSource, components: { codec?: OpusCodec } = {}, { onDamage }: { onDamage?: OnDamage } = {}): PcmSource {
  if (source.kind === 'pcm') return source
  const { channels, preSkip, gainDb, durationMs } = source
  const codec = components.codec ?? createOpusCodec()
  return {
    kind: 'pcm',
    format: { sampleRateHz: OPUS_RATE_HZ, channels },
    durationMs,
    read: ({ signal } = {}) => decodeOpus(source.packets({ signal }), { codec }, { channels, preSkip, gainDb, signal, ...onDamage === undefined ? {} : { onDamage } })
  }
}
