import { StorageUnavailableError, type AbortOptions, type CID, type Store } from '@parley/core'
import type { FrontierEntry } from '../types.ts'
import type { LogIndex } from './log-index.ts'
import { cidOfHash } from './stored-action.ts'
import { keyName } from '../format/key-name.ts'

/** Returns the newest action of each author; a forked author has one entry for each branch. */
export function frontierOf ({ authors, rows }: LogIndex): FrontierEntry[] {
  return authors.flatMap(({ key, tips }) => tips.map(tip => ({ author: key, seq: rows.seq(tip), cid: cidOfHash(rows.hash(tip)) })))
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
  for (const entry of frontier) theirs.set(keyName(entry.author), [...theirs.get(keyName(entry.author)) ?? [], entry])
  const coverages = authors.map(({ key, tips }, number) => {
    const entries = theirs.get(keyName(key)) ?? []
    const known = entries.map(({ cid }) => rows.find(cid.multihash.digest)).filter(row => row >= 0 && rows.author(row) === number)
    const isAhead = entries.some(({ seq, cid }) => rows.find(cid.multihash.digest) < 0 && tips.every(tip => seq > rows.seq(tip)))
    if (tips.length === 1) {
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
export async function * streamRows (store: Store, { rows }: LogIndex, numbers: number[], first: Uint8Array | undefined, { maxBytes, signal }: AbortOptions & { maxBytes: number }): AsyncGenerator<Uint8Array[]> {
  let batch: Uint8Array[] = first === undefined ? [] : [first]
  let size = first?.length ?? 0
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
