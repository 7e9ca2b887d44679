import { InvalidArgumentError } from '@parley/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { entropyToMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { KEY_BYTES } from '../did.ts'
import { wordsOneLetterAway } from './close-words.ts'
import { PhraseChecksumError, type PhraseHint } from './errors.ts'
import { placeOf, wordsOfPhrase } from './phrase-words.ts'

const BITS_PER_WORD = 11
const MAX_HINTS = 5

/** Returns a person's 32-byte seed as 24 English words (BIP-39, 256 bits): whoever has them is the person. */
export function recoveryPhrase (seed: Uint8Array): string {
  if (seed.byteLength !== KEY_BYTES) throw new InvalidArgumentError(`The seed of a person has ${KEY_BYTES} bytes, not ${seed.byteLength}`)
  return entropyToMnemonic(seed.slice(), wordlist)
}

/**
 * Returns the seed that a recovery phrase stands for. Upper and lower case,
 * white space and Unicode forms do not matter, and the first four letters of a
 * word are enough. The checksum has 8 bits: of wrong phrases of known words one
 * in 256 gives the seed of somebody who does not exist.
 *
 * @throws {PhraseLengthError} when there are not 24 words
 * @throws {UnknownPhraseWordError} which names the first word that is not in the list, and what may be meant
 * @throws {PhraseChecksumError} when the words do not belong together, with what may be meant
 */
export function seedOfPhrase (text: string): Uint8Array<ArrayBuffer> {
  const words = wordsOfPhrase(text)
  const seed = seedOfWords(words)
  if (seed === undefined) throw new PhraseChecksumError(hintsFor(words))
  return seed
}

function seedOfWords (words: string[]): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(KEY_BYTES + 1)
  let bit = 0
  for (const word of words) {
    const place = placeOf(word)
    for (let shift = BITS_PER_WORD - 1; shift >= 0; shift--, bit++) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (place >> shift & 1) << (7 - (bit & 7))
  }
  const seed = bytes.slice(0, KEY_BYTES)
  return sha256(seed)[0] === bytes[KEY_BYTES] ? seed : undefined
}

/** Tries the mistakes of people who copy a phrase: neighbours in the wrong order, one letter wrong. */
function hintsFor (words: string[]): PhraseHint[] {
  const hints: PhraseHint[] = []
  for (let index = 1; index < words.length; index++) {
    const swapped = words.with(index - 1, words[index] ?? '').with(index, words[index - 1] ?? '')
    if (seedOfWords(swapped) !== undefined) hints.push({ type: 'swapped', positions: [index, index + 1] })
  }
  for (const [index, word] of words.entries()) {
    for (const close of wordsOneLetterAway(word)) {
      if (seedOfWords(words.with(index, close)) !== undefined) hints.push({ type: 'misread', position: index + 1, word: close })
    }
  }
  return hints.slice(0, MAX_HINTS)
}
