import type { AbortOptions } from '@parley/core'

/** One Opus packet (RFC 6716) and how much of it is heard. */
export interface OpusPacket {
  /** The packet; empty where one was lost, so that only its time is known. */
  data: Uint8Array
  /**
   * Samples it contributes, at 48 kHz and per channel, so that the sum over a
   * stream minus its pre-skip is the stream's exact length. Only the last
   * packet contributes less than its own duration: that is the end trim.
   */
  samples: number
  /** Samples to drop from its front, besides `samples`: only where a chained file begins anew. @default 0 */
  skip?: number
}

/** How PCM is laid out. */
export interface AudioFormat {
  sampleRateHz: number
  channels: number
}

/** What was found wrong with a file that can still be used in part. */
export interface AudioDamage {
  /** `truncated`: the file ends early; `gap`: a part of it is missing and was filled; `packet`: a packet cannot be decoded and was concealed. */
  kind: 'truncated' | 'gap' | 'packet'
  /** Bytes from the start of the file, or the number of the packet for `packet`. */
  offset: number
  /** One sentence for a person. */
  message: string
}

/** Told of each damage that was worked around. */
export type OnDamage = (damage: AudioDamage) => void

/** Audio as samples from -1 to 1. */
export interface PcmSource {
  readonly kind: 'pcm'
  readonly format: AudioFormat
  /** Where the container says so. */
  readonly durationMs?: number | undefined
  /**
   * Yields interleaved samples in blocks of any size; to be read once.
   *
   * @throws {DamagedAudioError} when the bytes stop making sense
   */
  read(options?: AbortOptions): AsyncGenerator<Float32Array>
}

/** Audio that is Opus already. */
export interface OpusSource {
  readonly kind: 'opus'
  readonly channels: 1 | 2
  /** Samples at 48 kHz to drop from the front of what is decoded. */
  readonly preSkip: number
  /** To be applied to what is decoded (RFC 7845, output gain), in dB. */
  readonly gainDb: number
  /** Samples at 48 kHz in the first packet: 960 for 20 ms. */
  readonly packetSamples: number
  /** Where the container says so. */
  readonly durationMs?: number | undefined
  /**
   * Yields the packets; to be read once.
   *
   * @throws {DamagedAudioError} when the bytes stop making sense
   */
  packets(options?: AbortOptions): AsyncGenerator<OpusPacket>
}

/** What a file turned out to hold. */
export type AudioSource = PcmSource | OpusSource

/** The rate at which Opus counts samples. */
export const OPUS_RATE_HZ = 48_000
/** Samples of one 20 ms packet, per channel. */
export const FRAME_SAMPLES = 960
/** The look-ahead of libopus at 48 kHz: what an encoder adds in front, and a decoder drops. */
export const OPUS_PRE_SKIP = 312
