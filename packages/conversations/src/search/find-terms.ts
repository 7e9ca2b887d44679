import { compareBytes } from './compare-bytes.ts'
import { codePoints, createDistanceTable } from './edit-distance.ts'
import { termAt, type Segment } from './segment.ts'
import { MAX_TERM_CHARS } from './tokens.ts'

/** Returns the number of a term, or -1. */
export function findTerm (segment: Segment, term: Uint8Array): number {
  const at = lowerBound(segment, term)
  return at < segment.termCount && compareBytes(termAt(segment, at), term) === 0 ? at : -1
}

/** Returns the terms that begin with `prefix`: the first, and the one behind the last. */
export function findPrefix (segment: Segment, prefix: Uint8Array): { from: number, to: number } {
  return { from: lowerBound(segment, prefix), to: prefixEnd(segment, prefix) }
}

/**
 * Returns the terms that are at most `max` typing errors away from `word`.
 *
 * Terms stand in order, so those with a common beginning share the rows of the
 * table, and where the beginning is too far away already all of them are
 * stepped over: a few hundred of tens of thousands are looked at.
 */
export function findNear (segment: Segment, word: string, max: number): Array<{ term: number, distance: number }> {
  const table = createDistanceTable(codePoints(word), MAX_TERM_CHARS)
  const found: Array<{ term: number, distance: number }> = []
  /** The letters whose rows are in the table. */
  const letters: number[] = []
  for (let term = 0; term < segment.termCount;) {
    const bytes = termAt(segment, term)
    let shared = true
    let length = 0
    let isTooFar = false
    for (let at = 0; at < bytes.length && !isTooFar;) {
      const letter = letterAt(bytes, at)
      at += widthOf(bytes[at] ?? 0)
      if (!shared || letters[length] !== letter) {
        shared = false
        letters.length = length
        letters.push(letter)
        if (table.set(length, letter) > max) {
          isTooFar = true
          term = prefixEnd(segment, bytes.subarray(0, at))
        }
      }
      length++
    }
    // The row that was too far is not one to go on from.
    if (isTooFar) letters.length = length - 1
    else {
      letters.length = length
      const distance = table.distance(length)
      if (distance <= max) found.push({ term, distance })
      term++
    }
  }
  return found
}

/** Returns how many terms come before `term`. */
function lowerBound (segment: Segment, term: Uint8Array): number {
  let low = 0
  let high = segment.termCount
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes(termAt(segment, middle), term) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns how many terms come before or begin with `prefix`. */
function prefixEnd (segment: Segment, prefix: Uint8Array): number {
  let low = 0
  let high = segment.termCount
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes(termAt(segment, middle).subarray(0, prefix.length), prefix) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns how many bytes of UTF-8 a letter has that begins with this one. */
function widthOf (first: number): number {
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function letterAt (bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const next = (offset: number): number => (bytes[at + offset] ?? 0) & 0x3f
  switch (widthOf(first)) {
    case 1: return first
    case 2: return (first & 0x1f) << 6 | next(1)
    case 3: return (first & 0x0f) << 12 | next(1) << 6 | next(2)
    default: return (first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3)
  }
}
