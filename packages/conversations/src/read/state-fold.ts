import type { Did } from '@parley/identity'
import type { Draft } from '../actions/definition.ts'
import { definitionOf, refusalOf } from '../actions/registry.ts'
import type { LogEntry } from './log-entry.ts'

/** Applies entries in the common order, and again from where something came in between. */
export interface StateFold {
  /** In the common order. */
  readonly entries: readonly LogEntry[]
  insert(entry: LogEntry): void
  /** Says that an entry changed, because its key came. */
  changed(entry: LogEntry): void
  /** Returns the state after all entries; do not change it. */
  draft(): Draft
}

const MIN_DISTANCE = 256

/**
 * Creates a fold that begins with the creator alone. Checkpoints stand closer
 * together near the end, where late actions come in, so what came late costs
 * what follows it and not the whole log.
 */
export function createStateFold ({ creator, subjectHash, isHome }: { creator: Did, subjectHash: Uint8Array, isHome: boolean }, compare: (a: LogEntry, b: LogEntry) => number): StateFold {
  const entries: LogEntry[] = []
  const start: Draft = { subject: undefined, participants: new Map([[creator, { did: creator, permission: 'write' }]]), messages: new Map() }
  let checkpoints = [{ applied: 0, draft: start }]
  let draft = copy(start)
  let applied = 0

  /** Returns how many entries come before this one. */
  const placeOf = (entry: LogEntry): number => {
    let low = 0
    let high = entries.length
    // Most come at the end.
    for (let step = 1; high > 0; step *= 2) {
      const at = Math.max(0, entries.length - step)
      const probe = entries[at]
      if (probe === undefined || compare(probe, entry) < 0) {
        low = at
        break
      }
      high = at
    }
    while (low < high) {
      const middle = (low + high) >> 1
      const probe = entries[middle]
      if (probe !== undefined && compare(probe, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  const rewind = (place: number): void => {
    if (place >= applied) return
    checkpoints = checkpoints.filter(checkpoint => checkpoint.applied <= place)
    const last = checkpoints.at(-1)
    draft = copy(last?.draft ?? start)
    applied = last?.applied ?? 0
  }
  const checkpoint = (): void => {
    const distance = applied - (checkpoints.at(-1)?.applied ?? 0)
    // A copy costs as much as the state is large.
    if (distance < Math.max(MIN_DISTANCE, draft.messages.size >> 2)) return
    checkpoints = thinned([...checkpoints, { applied, draft: copy(draft) }])
  }
  const apply = (entry: LogEntry): string | undefined => {
    if (entry.content === undefined) return undefined
    if (entry.flaw !== undefined) return entry.flaw
    if (!draft.participants.has(entry.person)) return 'its author is no participant'
    const context = { person: entry.person, device: entry.author, time: entry.time, creator, subjectHash, isHome }
    const reason = refusalOf(draft, context, entry.content)
    if (reason === undefined) definitionOf(entry.content).reduce(draft, context, entry.content)
    return reason
  }
  return {
    entries,
    insert (entry) {
      const place = placeOf(entry)
      if (place === entries.length) entries.push(entry)
      else entries.splice(place, 0, entry)
      rewind(place)
    },
    changed (entry) { rewind(placeOf(entry)) },
    draft () {
      for (let entry = entries[applied]; entry !== undefined; entry = entries[applied]) {
        entry.ignored = apply(entry)
        applied++
        checkpoint()
      }
      return draft
    }
  }
}

function copy ({ subject, participants, messages }: Draft): Draft {
  return { subject, participants: new Map(participants), messages: new Map(messages) }
}

/** Keeps the first checkpoint and, from the end back, those that double their distance. */
function thinned<T extends { applied: number }> (checkpoints: T[]): T[] {
  const end = checkpoints.at(-1)?.applied ?? 0
  const kept: T[] = []
  let least = 0
  for (const checkpoint of checkpoints.toReversed()) {
    const distance = end - checkpoint.applied
    if (distance < least && checkpoint.applied > 0) continue
    kept.push(checkpoint)
    least = Math.max(MIN_DISTANCE, distance * 2)
  }
  return kept.toReversed()
}
