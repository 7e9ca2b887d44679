import { FIELDS, KINDS } from './segment.ts'
import type { DocumentKind, Field } from './types.ts'

const FIELD_WEIGHT: Readonly<Record<Field, number>> = { subject: 3, labels: 2.5, names: 2, text: 1 }
/** A transcript has words that were not said; a file's name has few and says little. */
const KIND_WEIGHT: Readonly<Record<DocumentKind, number>> = { conversation: 1, message: 1, file: 1.1, extra: 1, transcript: 0.8 }

/** `WEIGHTS[kind][field]`, by their numbers in segments. */
export const WEIGHTS: ReadonlyArray<readonly number[]> = KINDS.map(kind => FIELDS.map(field => KIND_WEIGHT[kind] * FIELD_WEIGHT[field]))

/** What a word counts that only begins with the one that is looked for, or has typing errors. */
export const PREFIX_WEIGHT = 0.75
export const ERROR_WEIGHTS: readonly number[] = [1, 0.5, 0.3]

// Okapi BM25 (Robertson and Zaragoza 2009); lengths count for less than usual, since messages are short.
const K1 = 1.2
const B = 0.4

/** Returns how much a word says that `found` of `all` documents have. */
export function rarity (found: number, all: number): number {
  return Math.log(1 + (Math.max(0, all - found) + 0.5) / (found + 0.5))
}

/** Returns what `count` occurrences count in a document of `length` words. */
export function frequencyWeight (count: number, length: number, averageLength: number): number {
  return count * (K1 + 1) / (count + K1 * (1 - B + B * length / Math.max(1, averageLength)))
}

const HALF_LIFE_MS = 60 * 86_400_000
/** What is new counts this much more than what is very old. */
const NEWEST_BONUS = 1

/** Returns the factor for a document of this age. */
export function recency (ageMs: number): number {
  return 1 + NEWEST_BONUS * 2 ** (-Math.max(0, ageMs) / HALF_LIFE_MS)
}
