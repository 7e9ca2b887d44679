import type { LogIndex } from '../log/log-index.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { faultOf, tryParse } from './finding.ts'
import type { Gathered } from './judge.ts'
import type { HistoryFinding } from './types.ts'

/**
 * Compares what a store remembers of its actions with what they are. Rows may
 * stand in another order, since they stand as they arrived; access versions
 * have numbers of their own and are compared by who is in.
 */
export async function staleRows (stored: LogIndex, fresh: LogIndex, { get }: Gathered): Promise<HistoryFinding[]> {
  const found: HistoryFinding[] = []
  for (let row = 0; row < fresh.rows.size; row++) {
    const hash = fresh.rows.hash(row)
    const other = stored.rows.find(hash)
    if (other >= 0 && isSameRow(stored, other, fresh, row)) continue
    const cid = cidOfHash(hash)
    found.push(faultOf('stale-index', cid, 'What this store remembers of this action is not what the action says', tryParse(await get(cid))))
  }
  return found
}

function isSameRow (a: LogIndex, rowA: number, b: LogIndex, rowB: number): boolean {
  const [ours, theirs] = [a.rows, b.rows]
  return ours.seq(rowA) === theirs.seq(rowB) && ours.wallMs(rowA) === theirs.wallMs(rowB) && ours.counter(rowA) === theirs.counter(rowB) &&
    ours.epoch(rowA) === theirs.epoch(rowB) && prevName(a, rowA) === prevName(b, rowB) && isSameSet(peopleAt(a, rowA), peopleAt(b, rowB))
}

function prevName ({ rows }: LogIndex, row: number): string | undefined {
  const prev = rows.prev(row)
  return prev < 0 ? undefined : cidOfHash(rows.hash(prev)).toString()
}

function peopleAt ({ rows, access }: LogIndex, row: number): string[] {
  return [...access.people(rows.access(row)).keys()]
}

function isSameSet (a: string[], b: string[]): boolean {
  const others = new Set(b)
  return a.length === b.length && a.every(name => others.has(name))
}
