/** A word of a text as it is compared, and where it stands. */
export interface Token {
  term: string
  /** UTF-16 units of the text. */
  from: number
  to: number
  /** Whether it is of a script that puts no spaces between words, so that its bounds are a guess. */
  isUnspaced: boolean
}

/** Longer words are cut: what follows tells nothing apart. */
export const MAX_TERM_CHARS = 64

const WORD = /[\p{L}\p{N}\p{M}]+|\p{Extended_Pictographic}/gu
// Scripts that are written without spaces.
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc]+/gu
const MAYBE_UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\ud840-\ud8bf]/
// Marks that people leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. Those of other scripts are letters.
// oxlint-disable-next-line no-misleading-character-class
const MARKS = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]/g
/** Letters that have no decomposition, but another spelling. */
const FOLDED: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ς: 'σ' }
const TO_FOLD = /[ßæœøłđðþıς]/g
// oxlint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/

/** Returns the form in which words are compared: without case, accents and compatibility forms. */
export function normalise (word: string): string {
  if (ASCII.test(word)) return word.toLowerCase()
  return word.normalize('NFKD').toLowerCase().replace(MARKS, '').replace(TO_FOLD, letter => FOLDED[letter] ?? letter).normalize('NFC')
}

export type Tokenise = (text: string) => Token[]

/** Creates a function that splits texts into words (UAX #29 by the platform's dictionaries where there are no spaces). */
export function createTokenise (): Tokenise {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' })
  return text => {
    const tokens: Token[] = []
    const add = (word: string, from: number, isUnspaced: boolean): void => {
      const term = cut(normalise(word))
      if (term !== '') tokens.push({ term, from, to: from + word.length, isUnspaced })
    }
    for (const { 0: word, index } of text.matchAll(WORD)) {
      if (!MAYBE_UNSPACED.test(word)) {
        add(word, index, false)
        continue
      }
      let at = 0
      for (const { 0: run, index: start } of word.matchAll(UNSPACED)) {
        if (start > at) add(word.slice(at, start), index + at, false)
        for (const { segment, index: offset } of segmenter.segment(run)) add(segment, index + start + offset, true)
        at = start + run.length
      }
      if (at < word.length) add(word.slice(at), index + at, false)
    }
    return tokens
  }
}

/** Cuts between characters: half of a pair is no text. */
function cut (term: string): string {
  return term.length <= MAX_TERM_CHARS ? term : term.slice(0, MAX_TERM_CHARS).toWellFormed().replaceAll('\ufffd', '')
}
