import { type CID, InvalidBytesError } from '@parley/core'
import { type Did, publicKeyFromDid } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import type { Manifest, ManifestContent } from './manifest.ts'
import { openSegment, samplesOf, verifySegment } from './segment.ts'
import { voiceName } from './voice-id.ts'

/** One piece of a voice message, in order. */
export interface VoicePiece {
  index: number
  /** Samples at 48 kHz before it. */
  start: number
  /** How long it plays; of a missing one as the manifest says. */
  samples: number
  /** None when it is missing. */
  packets: OpusPacket[]
  /** Loudness, twenty values a second, 0 to 255. */
  peaks: Uint8Array
  last: boolean
  /** Nobody who was asked has it. */
  isMissing: boolean
}

/** Checks piece after piece that they belong to one message of one speaker, and decrypts them. */
export interface VoiceChain {
  /** The next piece that is wanted. */
  readonly index: number
  /**
   * Checks, opens and takes a block as the next piece.
   *
   * @throws {InvalidBytesError | InvalidSignatureError | UndecryptableError} when it is not; nothing is taken then
   */
  take(block: Uint8Array): Promise<{ piece: VoicePiece, cid: CID }>
  /** Takes note that the next piece is missing; only where a manifest says how long it is. */
  skip(): VoicePiece
}

/** Creates a chain that wants the piece at `startIndex` first. */
export function createChain ({ voice, key, speaker, startIndex }: { voice: Uint8Array, key: Uint8Array, speaker: Did, startIndex: number }, described: { manifest: Manifest, content: ManifestContent } | undefined): VoiceChain {
  const publicKey = publicKeyFromDid(speaker)
  const name = voiceName(voice)
  let index = startIndex
  /** Undefined where we do not know it: at the beginning in the middle, and after a gap. */
  let previous: CID | null | undefined = startIndex === 0 ? null : undefined
  let start: number | undefined = startIndex === 0 ? 0 : undefined
  const startOf = (): number => start ?? sum(described?.content.samples.slice(0, index) ?? [])
  return {
    get index () { return index },
    async take (block) {
      const segment = await verifySegment(publicKey, block)
      const { cid, last } = segment
      const named = described?.manifest.segments[index]
      if (voiceName(segment.voice) !== name || segment.index !== index) throw new InvalidBytesError('segment', `they are not segment ${index} of this message`)
      if (named !== undefined && !named.equals(cid)) throw new InvalidBytesError('segment', 'the manifest names another one')
      if (previous !== undefined && !sameCid(previous, segment.prev)) throw new InvalidBytesError('segment', 'they do not follow the segment before them')
      const content = openSegment(key, segment)
      if (start !== undefined && content.start !== start) throw new InvalidBytesError('segment', 'they begin where the segment before them does not end')
      const samples = samplesOf(content.packets)
      previous = cid
      start = content.start + samples
      const piece = { index: index++, start: content.start, samples, packets: content.packets, peaks: content.peaks, last, isMissing: false }
      return { piece, cid }
    },
    skip () {
      const samples = described?.content.samples[index] ?? 0
      const piece = { index, start: startOf(), samples, packets: [], peaks: new Uint8Array(0), last: index + 1 === described?.manifest.segments.length, isMissing: true }
      start = piece.start + samples
      previous = described?.manifest.segments[index]
      index++
      return piece
    }
  }
}

function sameCid (a: CID | null, b: CID | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
