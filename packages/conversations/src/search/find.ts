import { CID, type Clock } from '@parley/core'
import { breathe } from './breathe.ts'
import { parseQuery, type QueryWord } from './query.ts'
import { rarity } from './rank.ts'
import { createRanking, type Ranking } from './ranking.ts'
import type { SegmentEntry } from './records.ts'
import { expand, expandNear, frequencyOf, searchSegment, type Expansion, type Filter } from './search-segment.ts'
import { isDead, type SegmentSet } from './segment-set.ts'
import type { Segment } from './segment.ts'
import { snippetsOf } from './snippet.ts'
import type { Tokenise } from './tokens.ts'
import type { FindOptions, SearchHit } from './types.ts'

export interface FindComponents {
  set: SegmentSet
  tokenise: Tokenise
  clock: Clock
  subjectOf(conversation: string): Promise<string | undefined>
}

/** A word that fewer places have than this is looked for with typing errors too. */
const HARDLY = 5
/** A search lets others go on after this time. */
const SLICE_MS = 8

/** The terms for each word, of one segment. */
interface Expanded { entry: SegmentEntry, words: Expansion[][] }

export type Find = (query: string, options?: FindOptions) => AsyncGenerator<SearchHit>

export function createFind ({ set, tokenise, clock, subjectOf }: FindComponents): Find {
  /** Calls `visit` for each segment; false when one was merged meanwhile, so that the search has to begin anew. */
  const eachSegment = async <T extends { number: number }> (entries: readonly T[], signal: AbortSignal | undefined, visit: (segment: Segment, entry: T) => void): Promise<boolean> => {
    let sinceMs = clock.monotonicNow()
    for (const entry of entries) {
      signal?.throwIfAborted()
      const segment = await set.load(entry.number)
      if (segment !== undefined) visit(segment, entry)
      // Otherwise it is damaged: what is in the others is found, and the index is made anew.
      else if (!set.entries.some(({ number }) => number === entry.number)) return false
      if (clock.monotonicNow() - sinceMs < SLICE_MS) continue
      await breathe()
      sinceMs = clock.monotonicNow()
    }
    return true
  }
  const rank = async (words: readonly QueryWord[], filter: Filter, { match = 'all', signal }: FindOptions): Promise<{ ranking: Ranking, isNear: boolean[] } | undefined> => {
    const { entries } = set
    const found = new Map<number, Expanded>()
    const totals = words.map(() => 0)
    const add = (segment: Segment, entry: SegmentEntry, expansions: Expansion[][]): void => {
      const known = found.get(entry.number)
      found.set(entry.number, { entry, words: expansions.map((list, index) => [...known?.words[index] ?? [], ...list]) })
      expansions.forEach((list, index) => { totals[index] = (totals[index] ?? 0) + frequencyOf(segment, list) })
    }
    if (!await eachSegment(entries, signal, (segment, entry) => { add(segment, entry, words.map(word => expand(segment, word))) })) return undefined
    const isNear = words.map(({ maxErrors }, index) => maxErrors > 0 && (totals[index] ?? 0) < HARDLY)
    if (isNear.includes(true) && !await eachSegment(entries, signal, (segment, entry) => { add(segment, entry, words.map((word, index) => isNear[index] === true ? expandNear(segment, word) : [])) })) return undefined
    const documents = entries.reduce((sum, { size }) => sum + size, 0)
    const statistics = {
      rarities: totals.map(total => rarity(total, documents)),
      averageLength: entries.reduce((sum, { tokens }) => sum + tokens, 0) / Math.max(1, documents),
      now: clock.now()
    }
    const ranking = createRanking()
    const isWhole = await eachSegment([...found.values()].map(({ entry, words: expansions }) => ({ ...entry, entry, expansions })), signal, (segment, { entry, expansions }) => {
      searchSegment(segment, expansions, statistics, { matchAll: match === 'all', isDead: document => isDead(entry, document), filter, ranking })
    })
    return isWhole ? { ranking, isNear } : undefined
  }
  return async function * (query, options = {}) {
    const words = parseQuery(query, tokenise, options)
    if (words.length === 0) return
    const { signal, once = false } = options
    const filter = filterOf(options)
    let ranked: Awaited<ReturnType<typeof rank>>
    while (ranked === undefined) ranked = await rank(words, filter, options)
    const { ranking, isNear } = ranked
    const sought = words.map((word, index) => ({ word, isNear: isNear[index] === true }))
    const subjects = new Map<string, string | undefined>()
    for (let hit = ranking.next(); hit !== undefined; hit = ranking.next()) {
      signal?.throwIfAborted()
      const document = await set.text(hit.text)
      // It may have been changed or deleted since.
      if (document === undefined || (once && subjects.has(document.group))) continue
      const { group, kind, message, author, time } = document
      if (!subjects.has(group)) subjects.set(group, await subjectOf(group))
      yield { conversation: CID.parse(group), subject: subjects.get(group), kind, message, author, time, score: hit.score, snippets: snippetsOf(document, sought, tokenise) }
    }
  }
}

function filterOf ({ conversations, authors, kinds, since, until }: FindOptions): Filter {
  return {
    groups: conversations === undefined ? undefined : new Set(conversations.map(id => id.toString())),
    authors: authors === undefined ? undefined : new Set(authors),
    kinds: kinds === undefined ? undefined : new Set(kinds),
    since,
    until
  }
}
