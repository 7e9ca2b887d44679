import { createOpusCodec } from '#opus-codec'
import { InvalidBytesError } from '@parley/core'
import type { OnDamage, OpusPacket } from '../audio.ts'
import type { OpusHead } from '../ogg/opus-head.ts'
import { channelOf, interleave } from '../pcm/mix.ts'
import { SHORTEST_SAMPLES } from './filler.ts'
import type { OpusDecoder } from './opus-codec.ts'
import { packetShape, type PacketShape } from './opus-packet.ts'

/** Decodes packets that hold several streams (RFC 7845 section 5.1.1) to interleaved PCM at 48 kHz. */
export async function * decodeMultistream (packets: AsyncIterable<OpusPacket>, head: OpusHead, onDamage: OnDamage | undefined): AsyncGenerator<Float32Array> {
  const codec = createOpusCodec()
  const decoders: OpusDecoder[] = []
  const waiting: Float32Array[][] = Array.from({ length: head.streams }, () => [])
  const expected: OpusPacket[] = []
  let toSkip = head.preSkip
  const gain = 10 ** (head.gainDb / 20)
  const ready = function * (): Generator<Float32Array> {
    while (waiting.every(blocks => blocks.length > 0)) {
      const block = mapped(waiting.map(blocks => blocks.shift() ?? new Float32Array(0)), head)
      const { samples, skip = 0 } = expected.shift() ?? { samples: 0 }
      const skipped = Math.min(toSkip, samples)
      toSkip -= skipped
      const kept = block.subarray((skip + skipped) * head.channels, (skip + samples) * head.channels)
      if (kept.length > 0) yield gain === 1 ? kept : kept.map(sample => sample * gain)
    }
  }
  try {
    for (let index = 0; index < head.streams; index++) decoders.push(await codec.createDecoder({ channels: index < head.coupled ? 2 : 1 }))
    let number = 0
    for await (const packet of packets) {
      const streams = splitStreams(packet.data, head.streams)
      if (streams === undefined) onDamage?.({ kind: 'packet', offset: number, message: `packet ${number} does not hold ${head.streams} streams and was left silent` })
      expected.push(packet)
      for (const [index, decoder] of decoders.entries()) waiting[index]?.push(...await decodeOne(decoder, streams?.[index], packet.samples + (packet.skip ?? 0)))
      yield * ready()
      number++
    }
    for (const [index, decoder] of decoders.entries()) waiting[index]?.push(...await decoder.flush())
    yield * ready()
  } finally {
    for (const decoder of decoders) decoder.close()
  }
}

/** Conceals what the decoder refuses by a packet of empty frames, so that its answers stay in step. */
async function decodeOne (decoder: OpusDecoder, packet: Uint8Array | undefined, samples: number): Promise<Float32Array[]> {
  const filler = Uint8Array.of((28 << 3) | 3, Math.min(48, Math.max(1, Math.round(samples / SHORTEST_SAMPLES))))
  try {
    return await decoder.decode(packet ?? filler)
  } catch (error) {
    if (error instanceof InvalidBytesError) return await decoder.decode(filler)
    throw error
  }
}

/** Puts the streams' channels into the output's order; 255 stands for silence. */
function mapped (blocks: Float32Array[], { mapping, coupled }: OpusHead): Float32Array {
  const channels = blocks.flatMap((block, index) => index < coupled ? [channelOf(block, 2, 0), channelOf(block, 2, 1)] : [block])
  const length = Math.min(...channels.map(channel => channel.length))
  return interleave(mapping.map(index => channels[index]?.subarray(0, length) ?? new Float32Array(length)))
}

/** Takes the streams of a packet apart; all but the last are self-delimited (RFC 6716 appendix B). A filler of one byte conceals in each. */
function splitStreams (packet: Uint8Array, streams: number): Uint8Array[] | undefined {
  if (packet.length === 1) return Array.from({ length: streams }, () => packet)
  const parts: Uint8Array[] = []
  let rest = packet
  for (let index = 0; index < streams - 1; index++) {
    const shape = packetShape(rest, { selfDelimited: true })
    if (shape === undefined) return undefined
    parts.push(undelimited(rest, shape))
    rest = rest.subarray(shape.bytes)
  }
  return [...parts, rest]
}

/** Rebuilds a self-delimited packet as an ordinary one. */
function undelimited (packet: Uint8Array, { frames, dataAt }: PacketShape): Uint8Array {
  const toc = packet[0] ?? 0
  const data = packet.subarray(dataAt, dataAt + frames.reduce((sum, length) => sum + length, 0))
  if (frames.length === 1) return Uint8Array.of(toc & 0xfc, ...data)
  const lengths = frames.slice(0, -1).flatMap(length => length < 252 ? [length] : [252 + (length & 3), (length - 252 - (length & 3)) >> 2])
  return Uint8Array.of(toc | 3, frames.length | 0x80, ...lengths, ...data)
}
