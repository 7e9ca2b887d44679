import { byteKey } from '../byte-key.ts'
import { isIn } from './causal-past.ts'
import { changeSet, excessOf, type ChangeSet, type PlacedChange } from './change-set.ts'
import { MAX_DEVICE_LIST_BYTES } from './limits.ts'
import { reduceChanges } from './reduce.ts'

/** Bytes around the changes and details, and of the head of each. */
const FRAME_BYTES = 32
const HEAD_BYTES = 3

/**
 * Returns a union that keeps to the limits. Two lists that do may not do so
 * together, when many admins were busy apart or one means harm. What the
 * person signed comes first, then revocations, then what counts, then the
 * rest, each with what it builds on, in the order of the changes: so no admin
 * can fill a list so that a revocation does not get through.
 */
export function fitChanges (set: ChangeSet): ChangeSet {
  if (excessOf(set.changes) === undefined && sizeOf(set.changes, set.details) <= MAX_DEVICE_LIST_BYTES) return set
  const { standing } = reduceChanges(set)
  const urgency = ({ author, kind }: PlacedChange, place: number): number =>
    author === undefined ? 0 : standing[place] !== undefined ? 3 : kind === 'revoke' ? 1 : 2
  const wishes = set.changes.map((change, place) => ({ place, urgency: urgency(change, place) })).sort((a, b) => a.urgency - b.urgency || a.place - b.place)
  let kept = new Set<number>()
  for (const { place } of wishes) {
    if (kept.has(place)) continue
    const more = new Set(kept).add(place)
    set.changes.forEach((_change, other) => { if (isIn(set.pasts[place], other)) more.add(other) })
    const changes = set.changes.filter((_change, other) => more.has(other))
    if (excessOf(changes) === undefined && sizeOf(changes, set.details) <= MAX_DEVICE_LIST_BYTES) kept = more
  }
  return changeSet(set.changes.filter((_change, place) => kept.has(place)), set.details)
}

/** Returns what the changes take up at most, with all details that they name. */
function sizeOf (changes: PlacedChange[], details: ReadonlyMap<string, Uint8Array>): number {
  const entries = changes.flatMap(({ records }) => records.flatMap(({ record }) => details.get(byteKey(record.details)) ?? []))
  return [...changes.map(({ bytes }) => bytes), ...entries].reduce((sum, bytes) => sum + bytes.byteLength + HEAD_BYTES, FRAME_BYTES)
}
