import { wordlist } from '@scure/bip39/wordlists/english.js'
import { closeWords } from './close-words.ts'
import { PhraseLengthError, UnknownPhraseWordError } from './errors.ts'

/** A recovery phrase has so many words: 256 bits and 8 of checksum, 11 in each. */
export const PHRASE_WORDS = 24

/** No two words of the list begin with the same four letters, so these are enough. */
const PREFIX_LETTERS = 4
const MAX_SUGGESTIONS = 3

const places = new Map(wordlist.map((word, index) => [word, index]))
const byPrefix = new Map(wordlist.map(word => [word.slice(0, PREFIX_LETTERS), word]))

/** Returns the word of the list that was meant: written whole, or from its fourth letter on cut off. */
export function wordOf (typed: string): string | undefined {
  const text = typed.normalize('NFKD').trim().toLowerCase()
  if (places.has(text)) return text
  const word = byPrefix.get(text.slice(0, PREFIX_LETTERS))
  return text.length >= PREFIX_LETTERS && word?.startsWith(text) === true ? word : undefined
}

/** Returns the place of a word in the list, from 0. */
export function placeOf (word: string): number {
  return places.get(word) ?? 0
}

/**
 * Returns the 24 words of a phrase as they are in the list.
 *
 * @throws {PhraseLengthError | UnknownPhraseWordError}
 */
export function wordsOfPhrase (text: string): string[] {
  const typed = text.normalize('NFKD').split(/\s+/u).filter(word => word !== '')
  if (typed.length !== PHRASE_WORDS) throw new PhraseLengthError(typed.length, PHRASE_WORDS)
  return typed.map((word, index) => {
    const known = wordOf(word)
    if (known === undefined) throw new UnknownPhraseWordError({ position: index + 1, word, suggestions: closeWords(word.toLowerCase(), MAX_SUGGESTIONS) })
    return known
  })
}
