import type { AbortOptions } from '@parley/core'
import { OPUS_RATE_HZ, type AudioSource, type OnDamage, type OpusPacket, type OpusSource, type PcmSource } from '../audio.ts'
import { createByteReader, type ByteReader } from '../byte-reader.ts'
import { UnsupportedAudioError } from '../errors.ts'
import { decodeMultistream } from '../opus/multistream.ts'
import { packetShape } from '../opus/opus-packet.ts'
import { lastGranule } from './last-granule.ts'
import type { OpusHead } from './opus-head.ts'
import { opusPages, type AudioPage } from './opus-pages.ts'
import { createPageTimer } from './page-timer.ts'

/**
 * Reads an Ogg Opus file or stream (RFC 7845): its packets, pre-skip and end
 * trim. Pages are checked by their checksum; missing ones are filled with
 * packets that a decoder conceals, and reported.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError} also while the packets are read
 */
export async function readOggOpus (bytes: Uint8Array | AsyncIterable<Uint8Array>, { onDamage }: { onDamage?: OnDamage } = {}): Promise<OpusSource> {
  const reader = createByteReader(bytes)
  const source = await readOgg(reader, { onDamage, ...bytes instanceof Uint8Array ? { whole: bytes } : {} })
  if (source.kind === 'opus') return source
  await reader.close()
  throw new UnsupportedAudioError(`an Ogg Opus file of ${source.format.channels} channels, which has no packets of one stream`)
}

/** Reads Ogg from where the reader stands; `whole` is the file, where all of it is there. */
export async function readOgg (reader: ByteReader, { onDamage, whole }: { onDamage?: OnDamage | undefined, whole?: Uint8Array }): Promise<AudioSource> {
  const pages = opusPages(reader, onDamage)
  const buffered: AudioPage[] = []
  // The first packet tells whether the stream can be passed on as it is.
  while (!buffered.some(page => page.packets.length > 0)) {
    const next = await pages.next()
    if (next.done === true) break
    buffered.push(next.value)
  }
  const head = buffered[0]?.head
  if (head === undefined) return silence()
  const durationOf = (packet: Uint8Array): number | undefined => packetShape(packet, { selfDelimited: head.streams > 1 })?.samples
  const last = whole === undefined ? undefined : lastGranule(whole)
  const source = {
    channels: head.channels,
    preSkip: head.preSkip,
    gainDb: head.gainDb,
    durationMs: last === undefined ? undefined : Math.max(0, last - firstPosition(buffered, durationOf) - head.preSkip) * 1000 / OPUS_RATE_HZ
  }
  const packets = ({ signal }: AbortOptions = {}): AsyncGenerator<OpusPacket> => readPackets(reader, pages, buffered, head, durationOf, onDamage, signal)
  if (!isPlain(head)) return multistreamSource(source, head, packets, onDamage)
  const first = buffered.at(-1)?.packets[0]
  return {
    ...source,
    kind: 'opus',
    channels: head.channels === 1 ? 1 : 2,
    packetSamples: first === undefined ? 0 : durationOf(first) ?? 0,
    packets
  }
}

/** One stream whose channels come out in their order. */
function isPlain ({ streams, mapping, channels }: OpusHead): boolean {
  return streams === 1 && channels <= 2 && mapping.every((index, channel) => index === channel)
}

/** A file may begin anywhere in a longer recording: its positions then do not start at 0. */
function firstPosition (pages: AudioPage[], durationOf: (packet: Uint8Array) => number | undefined): number {
  const page = pages.at(-1)
  if (page?.granule === undefined) return 0
  return Math.max(0, page.granule - page.packets.reduce((sum, packet) => sum + (durationOf(packet) ?? 0), 0))
}

async function * readPackets (reader: ByteReader, pages: AsyncGenerator<AudioPage>, buffered: AudioPage[], head: OpusHead, durationOf: (packet: Uint8Array) => number | undefined, onDamage: OnDamage | undefined, signal: AbortSignal | undefined): AsyncGenerator<OpusPacket> {
  const timer = createPageTimer(durationOf, onDamage)
  try {
    for (const page of buffered.splice(0)) yield * timer.packetsOf(page)
    for await (const page of pages) {
      signal?.throwIfAborted()
      if (page.head !== undefined && (page.head.gainDb !== head.gainDb || page.head.streams !== head.streams || page.head.mapping.length > 2 !== head.mapping.length > 2)) throw new UnsupportedAudioError('a chain of Ogg Opus streams with different layouts or gains')
      yield * timer.packetsOf(page)
    }
  } finally {
    await reader.close()
  }
}

function multistreamSource (source: { channels: number, preSkip: number, gainDb: number, durationMs: number | undefined }, head: OpusHead, packets: (options?: AbortOptions) => AsyncGenerator<OpusPacket>, onDamage: OnDamage | undefined): PcmSource {
  return {
    kind: 'pcm',
    format: { sampleRateHz: OPUS_RATE_HZ, channels: source.channels },
    durationMs: source.durationMs,
    read: options => decodeMultistream(packets(options), head, onDamage)
  }
}

/** A stream with headers alone: no sound, and no error. */
function silence (): OpusSource {
  return { kind: 'opus', channels: 1, preSkip: 0, gainDb: 0, packetSamples: 0, durationMs: 0, async * packets () {} }
}
