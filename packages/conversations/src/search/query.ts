import { InvalidArgumentError } from '@parley/core'
import { codePoints, editDistance } from './edit-distance.ts'
import type { Tokenise } from './tokens.ts'
import type { FindOptions } from './types.ts'

/** One word that is looked for, and how loosely. */
export interface QueryWord {
  term: string
  bytes: Uint8Array
  /** Whether words count that begin with it. */
  isPrefix: boolean
  /** How many typing errors may lie between, where it is hardly found as it stands. */
  maxErrors: number
}

export const MAX_QUERY_CHARS = 1024
/** Further words are left out. */
const MAX_WORDS = 16

/**
 * Splits a query into its different words.
 *
 * @throws {InvalidArgumentError} when it is too long
 */
export function parseQuery (query: string, tokenise: Tokenise, { prefix = true, typos = true }: Pick<FindOptions, 'prefix' | 'typos'> = {}): QueryWord[] {
  if (query.length > MAX_QUERY_CHARS) throw new InvalidArgumentError(`A query has at most ${MAX_QUERY_CHARS} characters, not ${query.length}`)
  const encoder = new TextEncoder()
  const tokens = tokenise(query)
  const words = new Map<string, QueryWord>()
  for (const [index, { term, isUnspaced }] of tokens.entries()) {
    if (words.size >= MAX_WORDS && !words.has(term)) continue
    // Where a dictionary guessed the bounds, it may have guessed others in the text.
    const isPrefix = prefix && (isUnspaced || index === tokens.length - 1)
    words.set(term, { term, bytes: encoder.encode(term), isPrefix: isPrefix || words.get(term)?.isPrefix === true, maxErrors: typos && !isUnspaced ? errorsFor(term) : 0 })
  }
  return [...words.values()]
}

function errorsFor (term: string): number {
  const { length } = codePoints(term)
  // A number, or a code, with another digit is another one.
  if (length < 4 || /\p{N}/u.test(term)) return 0
  return length < 8 ? 1 : 2
}

/** Tells whether a word of a text is what the query's word means; `isNear` with typing errors. */
export function isMatch ({ term, isPrefix, maxErrors }: QueryWord, word: string, isNear: boolean): boolean {
  if (word === term || (isPrefix && word.startsWith(term))) return true
  return isNear && Math.abs(word.length - term.length) <= maxErrors * 2 && editDistance(term, word) <= maxErrors
}
