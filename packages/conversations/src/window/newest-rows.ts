import type { LogRows } from '../log/log-rows.ts'

/** What of a log is asked for. */
export interface WindowQuery {
  /** The row that the window ends before; the end of the log without it. */
  before?: number | undefined
  count: number
  /** The last row, in the common order, that may be shown. */
  through?: number | undefined
}

/**
 * Returns the newest rows before a place, the newest first, in the common
 * order. Rows arrive nearly in that order, so reading from the end settles
 * most others with one comparison.
 */
export function newestRows (rows: LogRows, { before, count, through }: WindowQuery): number[] {
  const newest: number[] = []
  for (let row = rows.size - 1; row >= 0; row--) {
    if (before !== undefined && rows.compare(row, before) >= 0) continue
    if (through !== undefined && rows.compare(row, through) > 0) continue
    const oldest = newest.at(-1)
    if (newest.length === count && oldest !== undefined && rows.compare(row, oldest) < 0) continue
    newest.splice(placeOf(rows, newest, row), 0, row)
    if (newest.length > count) newest.pop()
  }
  return newest
}

/** Returns where a row belongs in a list that descends. */
function placeOf (rows: LogRows, descending: number[], row: number): number {
  let low = 0
  let high = descending.length
  while (low < high) {
    const middle = (low + high) >> 1
    const probe = descending[middle]
    if (probe !== undefined && rows.compare(probe, row) > 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns the rows that are the first of their epoch and access version, the
 * newest first: an action that begins an epoch or lets somebody in is one of
 * them, and hands keys on. At most `most`.
 */
export function turningPoints (rows: LogRows, { through, most }: { through?: number | undefined, most: number }): number[] {
  const firsts = new Map<string, number>()
  for (let row = 0; row < rows.size; row++) {
    if (through !== undefined && rows.compare(row, through) > 0) continue
    const place = `${rows.epoch(row)} ${rows.access(row)}`
    const known = firsts.get(place)
    if (known === undefined || rows.compare(row, known) < 0) firsts.set(place, row)
  }
  return [...firsts.values()].sort((a, b) => rows.compare(b, a)).slice(0, most)
}
