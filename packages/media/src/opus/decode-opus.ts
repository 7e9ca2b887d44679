import { createOpusCodec } from '#opus-codec'
import { InvalidArgumentError, InvalidBytesError, type AbortOptions } from '@parley/core'
import { OPUS_PRE_SKIP, OPUS_RATE_HZ, type OnDamage, type OpusPacket } from '../audio.ts'
import { fillerPackets } from './filler.ts'
import type { OpusCodec, OpusDecoder, OpusDecoderInit } from './opus-codec.ts'
import { packetDuration } from './opus-packet.ts'

/** A longer gap within one packet's `samples` is an error of whoever wrote it. */
export const MAX_GAP_SAMPLES = 60 * OPUS_RATE_HZ

export interface DecodeOpusInit extends OpusDecoderInit, AbortOptions {
  /** Samples at 48 kHz to drop from the front. @default 312 */
  preSkip?: number
  /** Louder or softer by this many dB. @default 0 */
  gainDb?: number
  /** Told of packets that could not be decoded and were concealed. */
  onDamage?: OnDamage
}

/**
 * Decodes packets to interleaved PCM at 48 kHz: without the pre-skip, of each
 * packet what its `samples` say. What was lost or cannot be decoded is
 * concealed for its time.
 *
 * @throws {OpusUnavailableError}
 * @throws {InvalidArgumentError} when a packet claims more than a minute
 */
export async function * decodeOpus (packets: AsyncIterable<OpusPacket> | Iterable<OpusPacket>, components: { codec?: OpusCodec } = {}, init: DecodeOpusInit = {}): AsyncGenerator<Float32Array> {
  const { channels = 1, gainDb = 0, signal, onDamage } = init
  const decoder = await (components.codec ?? createOpusCodec()).createDecoder({ channels })
  const cut = createTrimmer(channels, init.preSkip ?? OPUS_PRE_SKIP, 10 ** (gainDb / 20))
  try {
    let toc: number | undefined
    let number = 0
    for await (const packet of packets) {
      signal?.throwIfAborted()
      for (const part of parts(packet, toc, () => { onDamage?.({ kind: 'packet', offset: number, message: `packet ${number} is no Opus and was concealed` }) })) {
        yield * cut.blocks(await decodePart(decoder, part, cut, () => { onDamage?.({ kind: 'packet', offset: number, message: `packet ${number} cannot be decoded and was concealed` }) }))
      }
      toc = packetDuration(packet.data) === undefined ? toc : packet.data[0]
      number++
    }
    yield * cut.blocks(await decoder.flush())
  } finally {
    decoder.close()
  }
}

/** Decodes one packet, or leaves its time silent where the decoder refuses it. */
async function decodePart (decoder: OpusDecoder, part: OpusPacket, cut: Trimmer, refused: () => void): Promise<Float32Array[]> {
  // Less than Opus' shortest frame is missing: nothing can be heard of it.
  const silent = part.data.length === 0
  cut.expect({ samples: part.samples, skip: part.skip ?? 0, silent })
  if (silent) return []
  try {
    return await decoder.decode(part.data)
  } catch (error) {
    if (!(error instanceof InvalidBytesError)) throw error
    cut.silenceLast()
    refused()
    return []
  }
}

/** Splits a packet into what is decoded: itself, and fillers for what its `samples` hold beyond it. */
function parts (packet: OpusPacket, toc: number | undefined, damaged: () => void): OpusPacket[] {
  if (!Number.isSafeInteger(packet.samples) || packet.samples < 0 || packet.samples > MAX_GAP_SAMPLES) throw new InvalidArgumentError(`A packet contributes 0 to ${MAX_GAP_SAMPLES} samples, not ${packet.samples}`)
  const own = packet.data.length === 0 ? undefined : packetDuration(packet.data)
  if (packet.data.length > 0 && own === undefined) damaged()
  const gap = packet.samples + (packet.skip ?? 0) - (own ?? 0)
  if (own !== undefined && gap <= 0) return [packet]
  const fillers = fillerPackets(gap, own === undefined ? toc : packet.data[0])
  const rest = gap - fillers.reduce((sum, filler) => sum + filler.samples, 0)
  return [
    ...own === undefined ? [] : [{ data: packet.data, samples: own }],
    ...fillers,
    ...rest > 0 ? [{ data: new Uint8Array(0), samples: rest }] : []
  ]
}

/** What one part contributes; a silent one has no block of the decoder. */
interface Expected { samples: number, skip: number, silent: boolean }

interface Trimmer {
  expect(part: Expected): void
  /** The decoder refused what was expected last. */
  silenceLast(): void
  blocks(decoded: Float32Array[]): Float32Array[]
}

/** A decoder may answer later than it was asked: what each block contributes waits in a queue. */
function createTrimmer (channels: number, preSkip: number, gain: number): Trimmer {
  const expected: Expected[] = []
  let toSkip = preSkip
  const trim = (block: Float32Array, { samples, skip }: Expected): Float32Array => {
    const skipped = Math.min(toSkip, samples)
    toSkip -= skipped
    const kept = block.subarray((skip + skipped) * channels, (skip + samples) * channels)
    return gain === 1 ? kept : kept.map(sample => sample * gain)
  }
  return {
    expect (part) { expected.push(part) },
    silenceLast () {
      const last = expected.at(-1)
      if (last !== undefined) last.silent = true
    },
    blocks (decoded) {
      const blocks: Float32Array[] = []
      const rest = decoded.values()
      while (expected[0] !== undefined) {
        const block = expected[0].silent ? new Float32Array((expected[0].samples + expected[0].skip) * channels) : rest.next().value
        if (block === undefined) break
        blocks.push(trim(block, expected[0]))
        expected.shift()
      }
      return blocks.filter(block => block.length > 0)
    }
  }
}
