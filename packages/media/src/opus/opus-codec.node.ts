import { InvalidArgumentError, InvalidBytesError } from '@parley/core'
import type * as Evan from '@evan/opus'
import { FRAME_SAMPLES, OPUS_RATE_HZ } from '../audio.ts'
import { OpusUnavailableError } from '../errors.ts'
import { fromS16, toS16 } from '../pcm/s16.ts'
import type { OpusCodec, OpusDecoder, OpusDecoderInit, OpusEncoder, OpusEncoderInit } from './opus-codec.ts'
import { checkedDuration } from './opus-packet.ts'

/** Creates the codec of this platform: libopus, natively or as WebAssembly. */
export function createOpusCodec (): OpusCodec {
  return { createEncoder, createDecoder }
}

/** Loads the binding when it is first needed: importing it costs some 15 ms. */
async function load (): Promise<typeof Evan> {
  try {
    return await import('@evan/opus')
  } catch (cause) {
    throw new OpusUnavailableError('neither the native nor the WebAssembly build of @evan/opus loads', { cause })
  }
}

async function createEncoder ({ channels = 1, bitrate = 32_000, fec = false, dtx = false }: OpusEncoderInit = {}): Promise<OpusEncoder> {
  if (!(bitrate >= 6_000 && bitrate <= 510_000)) throw new InvalidArgumentError(`Opus takes 6,000 to 510,000 bits per second, not ${bitrate}`)
  const { Encoder } = await load()
  // `voip` filters what it hears and keeps less of the waveform at equal bitrate;
  // `restricted_lowdelay` would shorten the look-ahead and lose the speech modes.
  const encoder = new Encoder({ channels, sample_rate: OPUS_RATE_HZ, application: 'audio' })
  encoder.signal = 'voice'
  encoder.bitrate = bitrate
  if (fec) {
    encoder.inband_fec = true
    // Without an expected loss libopus never spends bits on correction.
    encoder.packet_loss = 10
  }
  if (dtx) encoder.ctl(SET_DTX, 1)
  const blockSamples = FRAME_SAMPLES * channels
  return {
    async encode (block) {
      if (block.length !== blockSamples) throw new InvalidArgumentError(`A block has ${blockSamples} samples, not ${block.length}`)
      return [encoder.encode(toS16(block))]
    },
    flush: async () => [],
    close () {}
  }
}

/** OPUS_SET_DTX of opus_defines.h; the binding has a getter alone. */
const SET_DTX = 4016

async function createDecoder ({ channels = 1 }: OpusDecoderInit = {}): Promise<OpusDecoder> {
  const { Decoder } = await load()
  const decoder = new Decoder({ channels, sample_rate: OPUS_RATE_HZ })
  return {
    async decode (packet) {
      const samples = checkedDuration(packet)
      try {
        const pcm = fromS16(decoder.decode(packet))
        if (pcm.length === samples * channels) return [pcm]
      } catch (cause) {
        throw new InvalidBytesError('Opus packet', 'libopus refuses it', { cause })
      }
      throw new InvalidBytesError('Opus packet', 'it decodes to another duration than it names')
    },
    flush: async () => [],
    close () {}
  }
}
