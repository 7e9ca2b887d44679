import { createSeededRandom } from '@parley/core'

/** Kinds of queries, and how a word of a message is asked for in each. */
export const KINDS = ['one word', 'two words', 'rare word', 'beginning', 'typing error'] as const
export type Kind = typeof KINDS[number]

const SYLLABLES = ['ka', 'lo', 'mi', 'ter', 'ran', 'sel', 'vor', 'dun', 'pha', 'gri', 'bel', 'tos', 'nim', 'qua', 'zer', 'hol', 'ju', 'wen', 'cra', 'fi', 'est', 'ion', 'ly', 'der']
const VOCABULARY = 40_000
const WORDS_A_MESSAGE = 18

export interface Texts {
  message(): string
  query(kind: Kind): string
}

/** Creates messages of 18 words whose frequencies follow Zipf's law, and queries for words of theirs; from one seed always the same. */
export function createTexts (seed: number): Texts {
  const random = createSeededRandom(seed)
  const below = (limit: number): number => new DataView(random(4).buffer).getUint32(0) % limit
  // The vocabulary is everybody's, whatever the seed.
  const words = vocabulary()
  const zipf = (): string => words[Math.min(words.length - 1, Math.floor(words.length ** (below(1_000_000) / 1_000_000)) - 1)] ?? ''
  /** A word as people look for: none of those that are everywhere. */
  const telling = (from: number, to: number): string => words[from + below(to - from)] ?? ''
  return {
    message: () => Array.from({ length: WORDS_A_MESSAGE }, zipf).join(' '),
    query (kind) {
      switch (kind) {
        case 'one word': return telling(100, 5_000)
        case 'two words': return `${telling(5, 200)} ${telling(5, 200)}`
        case 'rare word': return telling(20_000, 40_000)
        case 'beginning': return telling(100, 5_000).slice(0, 4)
        case 'typing error': return mistyped(telling(100, 5_000), below)
      }
    }
  }
}

function vocabulary (): string[] {
  const random = createSeededRandom(1)
  const words = new Set<string>()
  while (words.size < VOCABULARY) {
    const [length = 0, ...rest] = random(6)
    words.add(rest.slice(0, 2 + length % 4).map(byte => SYLLABLES[byte % SYLLABLES.length]).join(''))
  }
  return [...words]
}

/** Exchanges two neighbouring letters. */
function mistyped (word: string, below: (limit: number) => number): string {
  const at = 1 + below(Math.max(1, word.length - 2))
  return word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2)
}
