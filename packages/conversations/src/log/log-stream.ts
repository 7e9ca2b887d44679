import { StorageUnavailableError, type AbortOptions, type CID, type Store } from '@parley/core'
import type { FrontierEntry } from '../types.ts'
import type { LogIndex } from './log-index.ts'
import type { LogRows } from './log-rows.ts'
import { cidOfHash } from './stored-action.ts'
import { keyName } from '../format/key-name.ts'

/** Returns the newest action of each author of which `isSeen` is true; a forked author has one entry for each branch. What comes before an action that is seen has to be seen too. */
export function frontierOf ({ authors, rows }: LogIndex, isSeen?: (row: number) => boolean): FrontierEntry[] {
  const entryOf = (key: Uint8Array, row: number): FrontierEntry => ({ author: key, seq: rows.seq(row), cid: cidOfHash(rows.hash(row)) })
  if (isSeen === undefined) return authors.flatMap(({ key, tips }) => tips.map(tip => entryOf(key, tip)))
  // Branches share what they grew out of, which is gone back through once.
  const passed = new Set<number>()
  const newestSeen = (tip: number): number => {
    let row = tip
    while (row >= 0 && !isSeen(row)) {
      // Whoever came by first has found what is before it.
      if (passed.has(row)) return -1
      passed.add(row)
      row = rows.prev(row)
    }
    return row
  }
  return authors.flatMap(({ key, tips }) => ends(rows, tips.map(newestSeen)).map(row => entryOf(key, row)))
}

/** Leaves out what is there twice, or comes before another on its chain: branches that are cut may end in what they share. */
function ends (rows: LogRows, found: number[]): number[] {
  const distinct = [...new Set(found)].filter(row => row >= 0)
  if (distinct.length < 2) return distinct
  const before = new Set<number>()
  for (const end of distinct) {
    for (let row = rows.prev(end); row >= 0 && !before.has(row); row = rows.prev(row)) before.add(row)
  }
  return distinct.filter(row => !before.has(row))
}

/**
 * Returns at most `limit` entries of a frontier: one of each author before a
 * second of any, so that who has forked without end costs nobody else's.
 */
export function cutFrontier (frontier: FrontierEntry[], limit: number): FrontierEntry[] {
  if (frontier.length <= limit) return frontier
  const counts = new Map<string, number>()
  const ranked = frontier.map(entry => {
    const name = keyName(entry.author)
    const rank = counts.get(name) ?? 0
    counts.set(name, rank + 1)
    return { entry, rank }
  })
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, limit).map(({ entry }) => entry)
}

/** Returns the rows that somebody with `frontier` lacks, in the order of arrival, which is causal. */
export function rowsBeyond (index: LogIndex, frontier: FrontierEntry[]): number[] {
  const { rows, authors } = index
  const has = createCoverage(index, frontier)
  const beyond: number[] = []
  for (let row = 0; row < rows.size; row++) {
    const author = rows.author(row)
    if (authors[author] !== undefined && !has(author, row)) beyond.push(row)
  }
  return beyond
}

/** Tells of a row whether somebody with `frontier` has it. */
function createCoverage (index: LogIndex, frontier: FrontierEntry[]): (author: number, row: number) => boolean {
  const { rows, authors } = index
  const theirs = new Map<string, FrontierEntry[]>()
  for (const entry of frontier) {
    const entries = theirs.get(keyName(entry.author))
    if (entries === undefined) theirs.set(keyName(entry.author), [entry])
    else entries.push(entry)
  }
  const coverages = authors.map(({ key, tips }, number) => {
    const entries = theirs.get(keyName(key)) ?? []
    const known = entries.map(({ cid }) => rows.find(cid.multihash.digest)).filter(row => row >= 0 && rows.author(row) === number)
    if (tips.length === 1) {
      const newest = rows.seq(tips[0] ?? 0)
      const isAhead = entries.some(({ seq, cid }) => seq > newest && rows.find(cid.multihash.digest) < 0)
      const upTo = isAhead ? Number.POSITIVE_INFINITY : Math.max(-1, ...known.map(rows.seq))
      return (row: number) => rows.seq(row) <= upTo
    }
    // Branches of a fork share sequence numbers, so each is walked back by its links.
    const covered = new Set<number>()
    for (const tip of known) {
      for (let row = tip; row >= 0 && !covered.has(row); row = rows.prev(row)) covered.add(row)
    }
    return (row: number) => covered.has(row)
  })
  return (author, row) => coverages[author]?.(row) === true
}

const READ_AHEAD = 128

/** Yields the blocks of rows in batches of at most `maxBytes`; `first` comes before them. */
export async function * streamRows (store: Store, { rows }: LogIndex, numbers: number[], first: Uint8Array[], { maxBytes, signal }: AbortOptions & { maxBytes: number }): AsyncGenerator<Uint8Array[]> {
  let batch = [...first]
  let size = first.reduce((sum, { length }) => sum + length, 0)
  for (let from = 0; from < numbers.length; from += READ_AHEAD) {
    signal?.throwIfAborted()
    const blocks = await Promise.all(numbers.slice(from, from + READ_AHEAD).map(async row => await readBlock(store, cidOfHash(rows.hash(row)))))
    for (const block of blocks) {
      if (size + block.length > maxBytes && batch.length > 0) {
        yield batch
        batch = []
        size = 0
      }
      batch.push(block)
      size += block.length
    }
  }
  if (batch.length > 0) yield batch
}

/** Reads a block that the log has. @throws {StorageUnavailableError} when it is gone */
export async function readBlock (store: Store, cid: CID): Promise<Uint8Array> {
  const bytes = await store.getBlock(cid)
  if (bytes === undefined) throw new StorageUnavailableError('failed', `the block ${cid.toString()} of a conversation is gone`)
  return bytes
}
