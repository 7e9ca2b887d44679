import { InvalidArgumentError, type AbortOptions } from '@parley/core'
import { OPUS_PRE_SKIP, OPUS_RATE_HZ, type OpusPacket } from '../audio.ts'
import { MAX_GAP_SAMPLES } from '../opus/decode-opus.ts'
import { fillerPackets } from '../opus/filler.ts'
import { checkedDuration } from '../opus/opus-packet.ts'
import { FIRST, LAST, pageBytes, piecesOf } from './ogg-page.ts'
import { opusHeadBytes, opusTagsBytes } from './opus-head.ts'

/** More pieces do not fit into a page. */
const MAX_PIECES = 255

export interface OggOpusInit {
  /** @default 1 */
  channels?: 1 | 2
  /** Samples at 48 kHz that a player drops from the front. @default 312 */
  preSkip?: number
  /** Names the stream among others of one file; chains need another for each link. @default 1 */
  serial?: number
  /** The rate of what was encoded, for information. @default 48000 */
  inputSampleRateHz?: number
  /** Comments as `NAME=value`, for example `TITLE=Good morning`. @default [] */
  comments?: string[]
  /** Samples at 48 kHz that a page holds at most: a reader of a live stream is that far behind. @default 48000 */
  pageSamples?: number
}

/** Writes one Ogg Opus stream, page by page. */
export interface OggOpusWriter {
  /** The pages of the headers, to be written first. */
  readonly headers: Uint8Array[]
  /**
   * Takes the next packet and returns the pages that are full. What its
   * `samples` hold beyond it is filled with packets that a decoder conceals.
   *
   * @throws {InvalidBytesError} when it is no Opus packet
   */
  add(packet: OpusPacket): Uint8Array[]
  /** Returns the last pages, whose position carries the end trim. Nothing may be added after. */
  end(): Uint8Array[]
}

/** Creates a writer after RFC 3533 and RFC 7845; equal packets give equal bytes. */
export function createOggOpusWriter ({ channels = 1, preSkip = OPUS_PRE_SKIP, serial = 1, inputSampleRateHz = OPUS_RATE_HZ, comments = [], pageSamples = OPUS_RATE_HZ }: OggOpusInit = {}): OggOpusWriter {
  if (!Number.isInteger(preSkip) || preSkip < 0 || preSkip > 0xffff) throw new InvalidArgumentError(`A pre-skip is a whole number of 0 to 65535 samples, not ${preSkip}`)
  let sequence = 0
  let position = 0
  let pending: Uint8Array[] = []
  let pendingSamples = 0
  let pieces = 0
  let toc: number | undefined
  /** Samples that were too few to be filled, and how much of the last packet is not heard. */
  let unfilled = 0
  let trim = 0
  const page = (packets: Uint8Array[], granule: number, flags: number): Uint8Array => pageBytes({ flags, granule, serial, sequence: sequence++ }, packets)
  const flush = (flags: number, granule: number): Uint8Array => {
    const bytes = page(pending, granule, flags)
    pending = []
    pendingSamples = 0
    pieces = 0
    return bytes
  }
  /** Keeps the newest packet back: it may be the last, whose page differs. */
  const push = (data: Uint8Array, samples: number): Uint8Array[] => {
    const full = pending.length > 0 && (pieces + piecesOf(data) > MAX_PIECES || pendingSamples + samples > pageSamples)
    const pages = full ? [flush(0, position)] : []
    pending.push(data)
    pendingSamples += samples
    pieces += piecesOf(data)
    position += samples
    toc = data[0]
    return pages
  }
  return {
    headers: [
      page([opusHeadBytes({ channels, preSkip, inputSampleRateHz })], 0, FIRST),
      ...tagPages(opusTagsBytes('Parley', comments), page)
    ],
    add ({ data, samples }) {
      if (!Number.isSafeInteger(samples) || samples < 0 || samples > MAX_GAP_SAMPLES) throw new InvalidArgumentError(`A packet contributes 0 to ${MAX_GAP_SAMPLES} samples, not ${samples}`)
      const own = data.length === 0 ? 0 : checkedDuration(data)
      const pages = data.length === 0 ? [] : push(data, own)
      const gap = Math.max(0, samples - own) + unfilled
      unfilled = gap
      for (const filler of fillerPackets(gap, toc)) {
        pages.push(...push(filler.data, filler.samples))
        unfilled -= filler.samples
      }
      trim = Math.max(0, own - samples)
      return pages
    },
    end: () => [flush(LAST, position - trim)]
  }
}

/** Comments have to fit on one page here: 65,025 bytes less one piece. */
function tagPages (tags: Uint8Array, page: (packets: Uint8Array[], granule: number, flags: number) => Uint8Array): Uint8Array[] {
  if (piecesOf(tags) > MAX_PIECES) throw new InvalidArgumentError(`Comments of ${tags.length} bytes are too long`)
  return [page([tags], 0, 0)]
}

/** Writes a stream of packets as Ogg Opus pages, each as soon as it is full. */
export async function * oggOpusPages (packets: AsyncIterable<OpusPacket> | Iterable<OpusPacket>, { signal, ...init }: OggOpusInit & AbortOptions = {}): AsyncGenerator<Uint8Array> {
  const writer = createOggOpusWriter(init)
  yield * writer.headers
  for await (const packet of packets) {
    signal?.throwIfAborted()
    yield * writer.add(packet)
  }
  yield * writer.end()
}
