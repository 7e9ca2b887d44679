import { CID, InvalidBytesError, type RandomBytes, bytesSchema, cidOf, cidSchema, countSchema, createCodec, decodeCanonical } from '@parley/core'
import { type Signer, decryptContent, encryptContent, signBlock, verifySigned } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import * as z from 'zod/mini'
import { MAX_SEGMENTS, MAX_SEGMENT_BYTES, VOICE_ID_BYTES } from './limits.ts'
import { encodePadded, isPaddedLength } from './padding.ts'
import { segmentAad } from './voice-id.ts'

const MAX_PACKETS = 512
const MAX_PACKET_BYTES = 8192
// 120 ms, the longest Opus packet (RFC 6716, section 3.2).
const MAX_PACKET_SAMPLES = 5760
const MAX_SEGMENT_PEAKS = 512

const sealedSchema = z.custom<Uint8Array<ArrayBuffer>>(
  value => value instanceof Uint8Array && isPaddedLength(value.byteLength), 'expected a multiple of 512 bytes')

const bodySchema = z.strictObject({
  v: z.literal(1),
  voice: bytesSchema({ exactBytes: VOICE_ID_BYTES }),
  index: countSchema(MAX_SEGMENTS - 1),
  prev: z.nullable(cidSchema),
  last: z.boolean(),
  sealed: sealedSchema
})

const bodyCodec = createCodec('segment', bodySchema, { maxBytes: MAX_SEGMENT_BYTES })

const contentSchema = z.strictObject({
  v: z.literal(1),
  start: countSchema(),
  packets: z.array(bytesSchema({ maxBytes: MAX_PACKET_BYTES })).check(z.maxLength(MAX_PACKETS)),
  samples: z.union([countSchema(MAX_PACKET_SAMPLES), z.array(countSchema(MAX_PACKET_SAMPLES))]),
  peaks: bytesSchema({ maxBytes: MAX_SEGMENT_PEAKS }),
  pad: bytesSchema({ maxBytes: 2048 })
})

/** What everybody may see of a segment, its keeper included. */
export interface Segment {
  voice: Uint8Array
  /** Its place in the message, from 0. */
  index: number
  /** The segment before it; null for the first. */
  prev: CID | null
  /** No segment follows. */
  last: boolean
  sealed: Uint8Array
  cid: CID
  bytes: Uint8Array
}

/** What only holders of the voice key see. */
export interface SegmentContent {
  /** Samples at 48 kHz before it. */
  start: number
  packets: OpusPacket[]
  /** Loudness, twenty values a second, 0 to 255. */
  peaks: Uint8Array
}

/** Seals and signs a segment. */
export async function createSegment (components: { signer: Signer, random: RandomBytes }, { voice, key, index, prev, last, content }: {
  voice: Uint8Array, key: Uint8Array, index: number, prev: CID | null, last: boolean, content: SegmentContent
}): Promise<Segment> {
  const plain = encodePadded({
    v: 1, start: content.start, packets: content.packets.map(({ data }) => data), samples: packSamples(content.packets), peaks: content.peaks
  })
  const sealed = encryptContent(key, plain, segmentAad(voice, index), components.random)
  const bytes = await signBlock(components.signer, 'segment', { v: 1, voice, index, prev, last, sealed })
  return { voice, index, prev, last, sealed, cid: cidOf(bytes), bytes }
}

/**
 * Checks that a block is a segment that `publicKey` signed.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function verifySegment (publicKey: Uint8Array, bytes: Uint8Array): Promise<Segment> {
  // The size is looked at before the signature: hashing what nobody may send is work for nothing.
  if (bytes.byteLength > MAX_SEGMENT_BYTES) bodyCodec.decode(bytes)
  const { voice, index, prev, last, sealed } = bodyCodec.decode(await verifySigned('segment', 'segment', publicKey, bytes))
  if ((prev === null) !== (index === 0)) throw new InvalidBytesError('segment', 'the first segment has no previous one, every other has')
  return { voice, index, prev: prev === null ? null : CID.asCID(prev), last, sealed, cid: cidOf(bytes), bytes }
}

/**
 * Decrypts a verified segment.
 *
 * @throws {UndecryptableError} when the key is not the one it was sealed with
 * @throws {InvalidBytesError} when what was sealed is no segment content
 */
export function openSegment (key: Uint8Array, segment: Pick<Segment, 'voice' | 'index' | 'sealed'>): SegmentContent {
  const plain = decryptContent(key, segment.sealed, segmentAad(segment.voice, segment.index))
  const value = decodeCanonical('segment content', plain, MAX_SEGMENT_BYTES)
  const parsed = contentSchema.safeParse(value)
  if (!parsed.success) throw new InvalidBytesError('segment content', 'they do not match its schema', { cause: parsed.error })
  const { start, packets, samples, peaks } = parsed.data
  return { start, packets: unpackSamples(packets, samples), peaks }
}

/** One number when all packets are equally long, as nearly always, else one for each. */
function packSamples (packets: OpusPacket[]): number | number[] {
  const [first] = packets
  if (first === undefined) return 0
  return packets.every(({ samples }) => samples === first.samples) ? first.samples : packets.map(({ samples }) => samples)
}

function unpackSamples (packets: Uint8Array[], samples: number | number[]): OpusPacket[] {
  const list = typeof samples === 'number' ? packets.map(() => samples) : samples
  const result = packets.map((data, index) => ({ data, samples: list[index] ?? 0 }))
  const again = packSamples(result)
  // One form only: the other one would decode to the same packets.
  if (list.length !== packets.length || typeof again !== typeof samples || (packets.length === 0 && samples !== 0)) throw new InvalidBytesError('segment content', 'samples: not in their one form')
  return result
}

/** Adds up how long packets play, in samples at 48 kHz. */
export function samplesOf (packets: readonly OpusPacket[]): number {
  return packets.reduce((sum, { samples }) => sum + samples, 0)
}
