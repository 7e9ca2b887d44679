import { isMatch, type QueryWord } from './query.ts'
import type { Token, Tokenise } from './tokens.ts'
import type { IndexDocument, Snippet } from './types.ts'

/** Characters of a snippet, about. */
const LENGTH = 160
/** Characters in front of what was found. */
const BEFORE = 40

/** Returns, for each field with a word of the query, the part around the first place with most of them. */
export function snippetsOf ({ fields }: IndexDocument, words: ReadonlyArray<{ word: QueryWord, isNear: boolean }>, tokenise: Tokenise): Snippet[] {
  const snippets: Snippet[] = []
  for (const { field, text } of fields) {
    const tokens = tokenise(text)
    const isFound = new Map<string, boolean>()
    const found = tokens.filter(({ term }) => {
      const known = isFound.get(term) ?? words.some(({ word, isNear }) => isMatch(word, term, isNear))
      isFound.set(term, known)
      return known
    })
    if (found.length > 0) snippets.push({ field, ...cut(text, tokens, found) })
  }
  return snippets
}

function cut (text: string, tokens: readonly Token[], found: readonly Token[]): Omit<Snippet, 'field'> {
  const [from, to] = text.length <= LENGTH ? [0, text.length] : windowOf(text, tokens, densest(found))
  const start = from > 0 ? '…' : ''
  const shift = start.length - from
  return {
    text: start + text.slice(from, to) + (to < text.length ? '…' : ''),
    ranges: found.filter(token => token.from >= from && token.to <= to).map(token => ({ from: token.from + shift, to: token.to + shift }))
  }
}

/** Returns the found word from which on most different ones are near. */
function densest (found: readonly Token[]): number {
  let best = 0
  let most = 0
  for (const [index, { from }] of found.entries()) {
    const near = new Set<string>()
    for (let other = index; (found[other]?.to ?? Infinity) <= from + LENGTH - BEFORE; other++) near.add(found[other]?.term ?? '')
    if (near.size > most) {
      most = near.size
      best = from
    }
  }
  return best
}

/** Returns the bounds of a part around `at`, between words where there are some near. */
function windowOf (text: string, tokens: readonly Token[], at: number): [number, number] {
  const earliest = at - BEFORE
  const from = earliest <= 0 ? 0 : tokens.find(token => token.from >= earliest)?.from ?? at
  const latest = from + LENGTH
  if (latest >= text.length) return [from, text.length]
  const last = tokens.findLast(token => token.to <= latest && token.to > at)
  return [from, last?.to ?? (text.isWellFormed() ? wellFormedEnd(text, latest) : latest)]
}

function wellFormedEnd (text: string, at: number): number {
  return text.slice(0, at).isWellFormed() ? at : at - 1
}
