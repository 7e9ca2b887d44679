import { findNear, findPrefix, findTerm } from './find-terms.ts'
import type { QueryWord } from './query.ts'
import { ERROR_WEIGHTS, PREFIX_WEIGHT, WEIGHTS, frequencyWeight, recency } from './rank.ts'
import type { Ranking } from './ranking.ts'
import { KINDS, forEachPosting, type Segment } from './segment.ts'
import type { DocumentKind } from './types.ts'

/** A term of a segment that stands for a word of the query, and how much it counts. */
export interface Expansion {
  term: number
  weight: number
}

/** Which documents may be found. */
export interface Filter {
  groups?: ReadonlySet<string> | undefined
  authors?: ReadonlySet<string> | undefined
  since?: number | undefined
  until?: number | undefined
  kinds?: ReadonlySet<DocumentKind> | undefined
}

/** What all segments say together. */
export interface Statistics {
  /** How much each word of the query says. */
  rarities: readonly number[]
  averageLength: number
  now: number
}

/** Returns the terms that are a word or, where that counts, begin with it. */
export function expand (segment: Segment, { bytes, isPrefix }: QueryWord): Expansion[] {
  const exact = findTerm(segment, bytes)
  const expansions: Expansion[] = exact < 0 ? [] : [{ term: exact, weight: 1 }]
  if (!isPrefix) return expansions
  const { from, to } = findPrefix(segment, bytes)
  for (let term = from; term < to; term++) {
    if (term !== exact) expansions.push({ term, weight: PREFIX_WEIGHT })
  }
  return expansions
}

/** Returns the terms that are a word with typing errors. */
export function expandNear (segment: Segment, { term: word, maxErrors }: QueryWord): Expansion[] {
  return findNear(segment, word, maxErrors).filter(({ distance }) => distance > 0).map(({ term, distance }) => ({ term, weight: ERROR_WEIGHTS[distance] ?? 0 }))
}

/** Returns how many documents have one of the terms, those that have several counted again. */
export function frequencyOf ({ frequencies }: Segment, expansions: readonly Expansion[]): number {
  return expansions.reduce((sum, { term }) => sum + (frequencies[term] ?? 0), 0)
}

/** Adds the documents of a segment that match to a ranking; `words` has the terms for each word of the query. */
export function searchSegment (segment: Segment, words: ReadonlyArray<readonly Expansion[]>, { rarities, averageLength, now }: Statistics, { matchAll, isDead, filter, ranking }: { matchAll: boolean, isDead(document: number): boolean, filter: Filter, ranking: Ranking }): void {
  if (matchAll && words.some(expansions => expansions.length === 0)) return
  const scores = new Float32Array(segment.size)
  /** How many words each document has. */
  const counts = new Uint8Array(segment.size)
  const best = new Float32Array(segment.size)
  for (const [index, expansions] of words.entries()) {
    const touched: number[] = []
    for (const { term, weight } of expansions) {
      forEachPosting(segment, term, (document, field, count) => {
        if (matchAll && counts[document] !== index) return
        const value = weight * (WEIGHTS[segment.kinds[document] ?? 0]?.[field] ?? 0) * frequencyWeight(count, segment.lengths[document] ?? 0, averageLength)
        const known = best[document] ?? 0
        if (known === 0) touched.push(document)
        // Of several words that begin alike, the best counts and not their number.
        if (value > known) best[document] = value
      })
    }
    for (const document of touched) {
      scores[document] = (scores[document] ?? 0) + (best[document] ?? 0) * (rarities[index] ?? 0)
      counts[document] = (counts[document] ?? 0) + 1
      best[document] = 0
    }
  }
  const least = matchAll ? words.length : 1
  const passes = createFilter(segment, filter)
  for (let document = 0; document < segment.size; document++) {
    if ((counts[document] ?? 0) < least || isDead(document) || !passes(document)) continue
    const time = segment.times[document] ?? 0
    // Of documents that have only some of the words, those with more come first.
    const share = (counts[document] ?? 0) / words.length
    ranking.add({ score: (scores[document] ?? 0) * share * recency(now - time), time, text: segment.texts[document] ?? 0 })
  }
}

function createFilter (segment: Segment, { groups, authors, kinds, since = -Infinity, until = Infinity }: Filter): (document: number) => boolean {
  const numbers = (names: readonly string[], wanted: ReadonlySet<string> | undefined): ReadonlySet<number> | undefined => {
    return wanted === undefined ? undefined : new Set(names.flatMap((name, number) => wanted.has(name) ? [number] : []))
  }
  const groupNumbers = numbers(segment.groupNames, groups)
  const authorNumbers = numbers(segment.authorNames, authors)
  const kindNumbers = numbers(KINDS, kinds)
  return document => {
    const time = segment.times[document] ?? 0
    return time >= since && time < until &&
      groupNumbers?.has(segment.groups[document] ?? 0) !== false &&
      authorNumbers?.has(segment.authors[document] ?? 0) !== false &&
      kindNumbers?.has(segment.kinds[document] ?? 0) !== false
  }
}
