import { wordlist } from '@scure/bip39/wordlists/english.js'

/** Typing, reading and hearing mistakes; further away than this nothing is likely. */
const MAX_DISTANCE = 2
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

const known = new Set(wordlist)

/** Returns up to `count` words of the list that are spelled nearly as `word`, the nearest first, `word` itself not. */
export function closeWords (word: string, count: number): string[] {
  // Nobody means a short word by a very long one, and distances cost the product of the lengths.
  if (word.length > 16) return []
  return wordlist
    .map(candidate => ({ candidate, distance: distanceOf(word, candidate) }))
    .filter(({ distance }) => distance > 0 && distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

/** Returns the words of the list that are one letter away from `word`: added, left out, changed, or changed places with the next. */
export function wordsOneLetterAway (word: string): string[] {
  const found = new Set<string>()
  for (let at = 0; at <= word.length; at++) {
    const [head, tail] = [word.slice(0, at), word.slice(at)]
    const edits = [head + tail.slice(1), head + tail.charAt(1) + tail.charAt(0) + tail.slice(2)]
    for (const letter of LETTERS) edits.push(head + letter + tail, head + letter + tail.slice(1))
    for (const edit of edits) if (edit !== word && known.has(edit)) found.add(edit)
  }
  return [...found]
}

/** Counts letters inserted, left out, changed and neighbours that changed places (optimal string alignment). */
function distanceOf (a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_value, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1
      let best = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + changed)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) best = Math.min(best, at(before, column - 2) + 1)
      current.push(best)
    }
    before = last
    last = current
  }
  return at(last, b.length)
}

function at (row: number[], index: number): number {
  return row[index] ?? 0
}
