import { ParleyError } from '@parley/core'

/** Thrown when a recovery phrase has more or fewer words than one has. */
export class PhraseLengthError extends ParleyError {
  override readonly name = 'PhraseLengthError'
  readonly words: number

  constructor (words: number, expected: number) {
    super(`A recovery phrase has ${expected} words, not ${words}`)
    this.words = words
  }
}

/** Thrown when a word of a recovery phrase is not in the list of words. */
export class UnknownPhraseWordError extends ParleyError {
  override readonly name = 'UnknownPhraseWordError'
  /** Place of the word in the phrase, from 1. */
  readonly position: number
  /** The word as it was typed, shortened. */
  readonly word: string
  /** Words of the list that are spelled nearly so, the nearest first. */
  readonly suggestions: string[]

  constructor ({ position, word, suggestions }: { position: number, word: string, suggestions: string[] }) {
    const shown = word.length > 24 ? `${word.slice(0, 21)}...` : word
    const hint = suggestions.length === 0 ? '' : `; perhaps ${suggestions.join(', ')}`
    super(`Word ${position}, ${JSON.stringify(shown)}, is no word of a recovery phrase${hint}`)
    this.position = position
    this.word = shown
    this.suggestions = suggestions
  }
}

/** What would make the checksum of a phrase right; positions are from 1. */
export type PhraseHint =
  | { type: 'swapped', positions: [number, number] }
  | { type: 'misread', position: number, word: string }

/** Thrown when every word of a recovery phrase is known and the last one's checksum does not fit. */
export class PhraseChecksumError extends ParleyError {
  override readonly name = 'PhraseChecksumError'
  /** Small changes with which the checksum fits; one of some 256 fits by chance. */
  readonly hints: PhraseHint[]

  constructor (hints: PhraseHint[]) {
    super(`A word of this recovery phrase is wrong, or two changed places${hints.length === 0 ? '' : `: perhaps ${hints.map(inWords).join(', or ')}`}`)
    this.hints = hints
  }
}

function inWords (hint: PhraseHint): string {
  switch (hint.type) {
    case 'swapped': return `words ${hint.positions[0]} and ${hint.positions[1]} changed places`
    case 'misread': return `word ${hint.position} is ${hint.word}`
  }
}
