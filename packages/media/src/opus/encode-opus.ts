import { createOpusCodec } from '#opus-codec'
import type { AbortOptions } from '@parley/core'
import { FRAME_SAMPLES, OPUS_PRE_SKIP, type AudioSource, type OpusPacket, type OpusSource, type PcmSource } from '../audio.ts'
import { createBlocks } from '../pcm/blocks.ts'
import { to48k } from '../pcm/to-48k.ts'
import type { OpusCodec, OpusEncoderInit } from './opus-codec.ts'
import { pcmOf } from './pcm-of.ts'

export interface EncodeOpusInit extends OpusEncoderInit, AbortOptions {
  /**
   * Leaves packets as they are when the source is Opus of 20 ms with the wanted
   * channels already; then `bitrate`, `fec` and `dtx` do not apply.
   *
   * @default true
   */
  passThrough?: boolean
}

/** The packets of a stream and what a decoder has to know about them. */
export interface EncodedOpus extends AsyncGenerator<OpusPacket> {
  readonly channels: 1 | 2
  /** Samples at 48 kHz to drop from the front of what is decoded. */
  readonly preSkip: number
}

/**
 * Encodes a source as 20 ms Opus packets at 48 kHz, resampled and mixed as
 * needed. Decoded, less `preSkip` samples in front, they have the source's
 * exact length and alignment: the last packet's `samples` carries the end trim.
 *
 * @throws {OpusUnavailableError | DamagedAudioError} while it is read
 */
export function encodeOpus (source: AudioSource, components: { codec?: OpusCodec } = {}, init: EncodeOpusInit = {}): EncodedOpus {
  const channels = init.channels ?? 1
  if (source.kind === 'opus' && mayPass(source, channels, init)) {
    return Object.assign(passOn(source, init), { channels, preSkip: source.preSkip })
  }
  const codec = components.codec ?? createOpusCodec()
  const packets = encode(pcmOf(source, { codec }), codec, { ...init, channels })
  return Object.assign(packets, { channels, preSkip: OPUS_PRE_SKIP })
}

function mayPass (source: OpusSource, channels: 1 | 2, { passThrough = true }: EncodeOpusInit): boolean {
  return passThrough && source.channels === channels && source.gainDb === 0 && source.packetSamples === FRAME_SAMPLES
}

async function * passOn (source: OpusSource, { signal }: AbortOptions): AsyncGenerator<OpusPacket> {
  for await (const packet of source.packets({ signal })) {
    signal?.throwIfAborted()
    // A chain's inner pre-skip cannot be told to whoever takes packets alone: it is heard.
    yield packet.skip === undefined ? packet : { data: packet.data, samples: packet.samples + packet.skip }
  }
}

async function * encode (source: PcmSource, codec: OpusCodec, init: EncodeOpusInit & { channels: 1 | 2 }): AsyncGenerator<OpusPacket> {
  const { channels, signal } = init
  const encoder = await codec.createEncoder(init)
  try {
    const blocks = createBlocks(FRAME_SAMPLES * channels)
    let samples = 0
    let made = 0
    // Until the end is known every block is whole, and so is every packet.
    let total = Infinity
    const packets = (ready: Uint8Array[]): OpusPacket[] => ready.map(data => ({ data, samples: Math.min(FRAME_SAMPLES, total - FRAME_SAMPLES * made++) }))
    for await (const pcm of to48k(source, channels, { signal })) {
      samples += pcm.length / channels
      for (const block of blocks.add(pcm)) {
        signal?.throwIfAborted()
        yield * packets(await encoder.encode(block))
      }
    }
    if (samples === 0) return
    // The encoder gives back what it was given a look-ahead later: silence pushes the end out.
    total = samples + OPUS_PRE_SKIP
    const missing = Math.ceil(total / FRAME_SAMPLES) * FRAME_SAMPLES - samples
    for (const block of blocks.add(new Float32Array(missing * channels))) yield * packets(await encoder.encode(block))
    yield * packets(await encoder.flush())
  } finally {
    encoder.close()
  }
}

