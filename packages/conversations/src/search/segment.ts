import { InvalidBytesError, decodeCanonical } from '@parley/core'
import type { DocumentKind, Field } from './types.ts'

/** Numbers in stored segments: new ones are added at the end. */
export const KINDS: readonly DocumentKind[] = ['conversation', 'message', 'file', 'extra', 'transcript']
export const FIELDS: readonly Field[] = ['subject', 'names', 'labels', 'text']

/**
 * An immutable part of the index over some documents, as it lies in memory:
 * columns of the documents, terms in the order of their UTF-8 bytes, and for
 * each term the documents that have it.
 */
export interface Segment {
  readonly size: number
  readonly termCount: number
  readonly sizeBytes: number
  /** Words in all documents. */
  readonly tokens: number
  readonly times: Float64Array
  /** A number of 48 bits for each document's id, unique within its group. */
  readonly ids: Float64Array
  /** A number of 48 bits that changes with the document. */
  readonly prints: Float64Array
  /** The numbers under which the documents' own texts are stored. */
  readonly texts: Uint32Array
  readonly groups: Uint32Array
  readonly authors: Uint32Array
  /** Words of each document. */
  readonly lengths: Uint16Array
  readonly kinds: Uint8Array
  readonly groupNames: readonly string[]
  readonly authorNames: readonly string[]
  readonly termBytes: Uint8Array
  readonly termOffsets: Uint32Array
  readonly postingBytes: Uint8Array
  readonly postingOffsets: Uint32Array
  /** How many documents have a term. */
  readonly frequencies: Uint32Array
}

/** Read as one number, so that a machine of the other byte order sees a damaged segment and makes it anew. */
export const MAGIC = 0x50534731
export const HEADER_WORDS = 8
const MAX_NAMES_BYTES = 64 * 1024 * 1024

/** Returns the sections of a segment with these numbers, each aligned to its own width. */
export function layoutOf ({ size, termCount, namesBytes, termsBytes, postingsBytes }: { size: number, termCount: number, namesBytes: number, termsBytes: number, postingsBytes: number }): Record<'times' | 'ids' | 'prints' | 'texts' | 'groups' | 'authors' | 'termOffsets' | 'postingOffsets' | 'frequencies' | 'lengths' | 'kinds' | 'names' | 'terms' | 'postings' | 'end', number> {
  let at = HEADER_WORDS * 4
  const take = (bytes: number): number => {
    const from = at
    at += bytes
    return from
  }
  return {
    times: take(size * 8),
    ids: take(size * 8),
    prints: take(size * 8),
    texts: take(size * 4),
    groups: take(size * 4),
    authors: take(size * 4),
    termOffsets: take((termCount + 1) * 4),
    postingOffsets: take((termCount + 1) * 4),
    frequencies: take(termCount * 4),
    lengths: take(size * 2),
    kinds: take(size),
    names: take(namesBytes),
    terms: take(termsBytes),
    postings: take(postingsBytes),
    end: at
  }
}

/**
 * Opens what a segment writer made; the columns are views of `bytes`.
 *
 * @throws {InvalidBytesError}
 */
export function openSegment (bytes: Uint8Array): Segment {
  // Columns of numbers need an aligned beginning.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const { buffer, byteOffset } = aligned
  if (aligned.length < HEADER_WORDS * 4) throw new InvalidBytesError('segment of the search index', 'they are too short')
  const [magic, size = 0, termCount = 0, tokens = 0, namesBytes = 0, termsBytes = 0, postingsBytes = 0] = new Uint32Array(buffer, byteOffset, HEADER_WORDS)
  const at = layoutOf({ size, termCount, namesBytes, termsBytes, postingsBytes })
  if (magic !== MAGIC || at.end !== aligned.length) throw new InvalidBytesError('segment of the search index', 'they have another layout')
  const [groupNames, authorNames] = decodeCanonical('names of a segment', aligned.subarray(at.names, at.names + namesBytes), MAX_NAMES_BYTES) as [string[], string[]]
  const words = (from: number, length: number): Uint32Array => new Uint32Array(buffer, byteOffset + from, length)
  const floats = (from: number): Float64Array => new Float64Array(buffer, byteOffset + from, size)
  return {
    size,
    termCount,
    tokens,
    sizeBytes: aligned.length,
    times: floats(at.times),
    ids: floats(at.ids),
    prints: floats(at.prints),
    texts: words(at.texts, size),
    groups: words(at.groups, size),
    authors: words(at.authors, size),
    termOffsets: words(at.termOffsets, termCount + 1),
    postingOffsets: words(at.postingOffsets, termCount + 1),
    frequencies: words(at.frequencies, termCount),
    lengths: new Uint16Array(buffer, byteOffset + at.lengths, size),
    kinds: aligned.subarray(at.kinds, at.kinds + size),
    groupNames,
    authorNames,
    termBytes: aligned.subarray(at.terms, at.terms + termsBytes),
    postingBytes: aligned.subarray(at.postings, at.postings + postingsBytes)
  }
}

/** Calls `visit` for each document that has a term, in order: its number, the first field that has it, and how often, 4 standing for more. */
export function forEachPosting ({ postingBytes, postingOffsets }: Segment, term: number, visit: (document: number, field: number, count: number) => void): void {
  let at = postingOffsets[term] ?? 0
  const end = postingOffsets[term + 1] ?? 0
  let document = 0
  while (at < end) {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = postingBytes[at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 128
    }
    document += Math.floor(value / 16)
    visit(document, (value >> 2) & 3, (value & 3) + 1)
  }
}

/** Returns the UTF-8 bytes of a term. */
export function termAt ({ termBytes, termOffsets }: Segment, term: number): Uint8Array {
  return termBytes.subarray(termOffsets[term], termOffsets[term + 1])
}
