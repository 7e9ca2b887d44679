import type { AbortOptions } from '@parley/core'
import { FRAME_SAMPLES, OPUS_RATE_HZ, type OnDamage, type OpusPacket, type OpusSource } from '../audio.ts'
import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError } from '../errors.ts'
import { MAX_GAP_SAMPLES } from '../opus/decode-opus.ts'
import { fillerPackets } from '../opus/filler.ts'
import { packetDuration } from '../opus/opus-packet.ts'
import { opusBlocks, type OpusBlock } from './opus-blocks.ts'

/** Recorders stamp packets to the millisecond, and late; a pause of transmission is longer. */
const TOLERANCE_SAMPLES = 2 * FRAME_SAMPLES

/**
 * Reads Opus out of a WebM or Matroska file (RFC 9559) as it arrives. Times
 * without packets are filled with such as a decoder conceals.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError} also while the packets are read
 */
export async function readWebm (reader: ByteReader, { onDamage }: { onDamage?: OnDamage | undefined } = {}): Promise<OpusSource> {
  const blocks = opusBlocks(reader, onDamage)
  const next = await blocks.next()
  if (next.done === true) throw new DamagedAudioError('the file has no sound', reader.offset)
  const first = next.value
  const { head } = first.track
  return {
    kind: 'opus',
    channels: head.channels === 1 ? 1 : 2,
    preSkip: head.preSkip,
    gainDb: head.gainDb,
    packetSamples: packetDuration(first.packets[0] ?? new Uint8Array(0)) ?? 0,
    packets: options => readPackets(reader, first, blocks, onDamage, options)
  }
}

async function * readPackets (reader: ByteReader, first: OpusBlock, blocks: AsyncGenerator<OpusBlock>, onDamage: OnDamage | undefined, { signal }: AbortOptions = {}): AsyncGenerator<OpusPacket> {
  const packetsOf = createBlockTimer(onDamage)
  try {
    yield * packetsOf(first)
    for await (const block of blocks) {
      signal?.throwIfAborted()
      yield * packetsOf(block)
    }
  } finally {
    await reader.close()
  }
}

/** Gives packets their duration, and fills the times between blocks. */
function createBlockTimer (onDamage: OnDamage | undefined): (block: OpusBlock) => OpusPacket[] {
  let expected: number | undefined
  let toc: number | undefined
  return block => {
    const start = Math.round(block.timeMs * OPUS_RATE_HZ / 1000)
    const gap = start - (expected ?? start)
    const packets: OpusPacket[] = []
    if (gap > TOLERANCE_SAMPLES) {
      const fills = gap <= MAX_GAP_SAMPLES
      onDamage?.({ kind: 'gap', offset: block.offset, message: `${(gap / OPUS_RATE_HZ).toFixed(3)} s are missing and ${fills ? 'were filled' : 'are too long to be filled'}` })
      if (fills) packets.push(...fillerPackets(gap, toc))
      else expected = start
    }
    for (const data of block.packets) {
      const samples = packetDuration(data)
      if (samples === undefined) throw new DamagedAudioError('a packet is no Opus', block.offset)
      packets.push({ data, samples })
    }
    expected = (expected ?? start) + packets.reduce((sum, packet) => sum + packet.samples, 0)
    const last = packets.at(-1)
    toc = last?.data[0] ?? toc
    // Rounded to nanoseconds by whoever wrote it.
    if (last !== undefined) last.samples = Math.max(0, last.samples - Math.round(block.discardNs * OPUS_RATE_HZ / 1e9))
    return packets
  }
}
