import { type CID, InvalidBytesError, type RandomBytes, bytesSchema, cidOf, cidSchema, countSchema, createCodec, decodeCanonical } from '@parley/core'
import { decryptContent, encryptContent } from '@parley/identity'
import * as z from 'zod/mini'
import { MAX_MANIFEST_BYTES, MAX_MANIFEST_PEAKS, MAX_SEGMENTS, VOICE_ID_BYTES, VOICE_RATE_HZ } from './limits.ts'
import { encodePadded, isPaddedLength } from './padding.ts'
import { manifestAad } from './voice-id.ts'

const MAX_SEGMENT_SAMPLES = 512 * 5760

const manifestCodec = createCodec('voice manifest', z.strictObject({
  v: z.literal(1),
  voice: bytesSchema({ exactBytes: VOICE_ID_BYTES }),
  segments: z.array(cidSchema).check(z.maxLength(MAX_SEGMENTS)),
  sealed: z.custom<Uint8Array<ArrayBuffer>>(value => value instanceof Uint8Array && isPaddedLength(value.byteLength), 'expected a multiple of 512 bytes')
}), { maxBytes: MAX_MANIFEST_BYTES })

const contentSchema = z.strictObject({
  v: z.literal(1),
  codec: z.literal('opus'),
  sampleRateHz: z.literal(VOICE_RATE_HZ),
  channels: z.union([z.literal(1), z.literal(2)]),
  preSkip: countSchema(VOICE_RATE_HZ),
  durationMs: countSchema(),
  samples: z.array(countSchema(MAX_SEGMENT_SAMPLES)).check(z.maxLength(MAX_SEGMENTS)),
  peaks: bytesSchema({ maxBytes: MAX_MANIFEST_PEAKS }),
  startedAt: countSchema(),
  cutOff: z.boolean(),
  pad: bytesSchema({ maxBytes: 2048 })
})

/** What only holders of the voice key see of a manifest. */
export interface ManifestContent {
  codec: 'opus'
  sampleRateHz: 48000
  channels: 1 | 2
  /** Decoded samples to drop at the beginning. */
  preSkip: number
  durationMs: number
  /** Samples of each segment at 48 kHz. */
  samples: number[]
  /** Loudness, each value for an equal share of the message, 0 to 255. */
  peaks: Uint8Array
  /** Milliseconds since 1970. */
  startedAt: number
  /** It ends where the speaker was interrupted. */
  cutOff: boolean
}

/** What everybody may see of a manifest: which segments there are. */
export interface Manifest {
  voice: Uint8Array
  segments: CID[]
  sealed: Uint8Array
  cid: CID
  bytes: Uint8Array
}

/** Seals the description of a finished voice message. */
export function createManifest (components: { random: RandomBytes }, { voice, key, segments, content }: { voice: Uint8Array, key: Uint8Array, segments: CID[], content: ManifestContent }): Manifest {
  const sealed = encryptContent(key, encodePadded({ v: 1, ...content }), manifestAad(voice), components.random)
  const bytes = manifestCodec.encode({ v: 1, voice: new Uint8Array(voice), segments, sealed: new Uint8Array(sealed) })
  return { voice, segments, sealed, cid: cidOf(bytes), bytes }
}

/**
 * Decodes a manifest. It carries no signature: the signed action that links it names its hash.
 *
 * @throws {OversizedBytesError | InvalidBytesError}
 */
export function decodeManifest (bytes: Uint8Array): Manifest {
  const { voice, segments, sealed } = manifestCodec.decode(bytes)
  return { voice, segments, sealed, cid: cidOf(bytes), bytes }
}

/**
 * Decrypts what a manifest says.
 *
 * @throws {UndecryptableError | InvalidBytesError}
 */
export function openManifest (key: Uint8Array, manifest: Manifest): ManifestContent {
  const plain = decryptContent(key, manifest.sealed, manifestAad(manifest.voice))
  const parsed = contentSchema.safeParse(decodeCanonical('manifest content', plain, MAX_MANIFEST_BYTES))
  if (!parsed.success) throw new InvalidBytesError('manifest content', 'they do not match its schema', { cause: parsed.error })
  const { v: _v, pad: _pad, ...content } = parsed.data
  if (content.samples.length !== manifest.segments.length) throw new InvalidBytesError('manifest content', 'samples: not one for each segment')
  return content
}
