import { keyName } from '../format/key-name.ts'
import type { FrontierEntry } from '../types.ts'

/** What somebody has of a log: the newest action of each author, by the author's key. */
export type Position = ReadonlyMap<string, readonly FrontierEntry[]>

/** Groups a frontier by author: a device that writes for two persons, or forked its chain, has several entries. */
export function positionOf (frontier: readonly FrontierEntry[]): Position {
  const position = new Map<string, FrontierEntry[]>()
  for (const entry of frontier) {
    const name = keyName(entry.author)
    const known = position.get(name)
    if (known === undefined) position.set(name, [entry])
    else known.push(entry)
  }
  return position
}

/** Tells whether whoever is at `theirs` has all that `wanted` names. Where an author has several chains only the very action counts, which is never too much. */
export function coversAll (theirs: Position, wanted: Position): boolean {
  for (const [author, entries] of wanted) {
    const known = theirs.get(author) ?? []
    const hasOneChain = entries.length === 1 && known.length < 2
    for (const entry of entries) {
      if (known.some(({ cid }) => cid.equals(entry.cid))) continue
      if (!hasOneChain || !known.some(({ seq }) => seq > entry.seq)) return false
    }
  }
  return true
}

/** Returns what somebody has who had `before` and was given `more`: of each author's single chain the longer one. */
export function joinPositions (before: Position, more: Position): Position {
  const joined = new Map(before)
  for (const [author, entries] of more) {
    const known = joined.get(author)
    const isBehind = known?.length === 1 && entries.length === 1 && (known[0]?.seq ?? 0) > (entries[0]?.seq ?? 0)
    if (!isBehind) joined.set(author, entries)
  }
  return joined
}

/** Returns a position as a list. */
export function entriesOf (position: Position): FrontierEntry[] {
  return [...position.values()].flat()
}
