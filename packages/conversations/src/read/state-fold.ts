import type { ActionContext } from '../actions/definition.ts'
import { createDraft, type Draft } from '../actions/draft.ts'
import type { ToldConflict } from '../actions/editing.ts'
import { definitionOf, refusalOf } from '../actions/registry.ts'
import type { LogEntry } from './log-entry.ts'

/** Applies entries in the common order, and again from where something came in between. */
export interface StateFold {
  /** In the common order, without those that were forgotten. */
  readonly entries: readonly LogEntry[]
  insert(entry: LogEntry): void
  /** Says that an entry changed, because its key came. */
  changed(entry: LogEntry): void
  /** Returns the state after all entries; do not change it. */
  draft(): Draft
  /** Gives the state before the last `count` entries to `use`; they are applied again when the state is asked for. */
  before<T>(count: number, use: (draft: Draft) => T): T
  /** Makes all but the last `count` entries final: nothing may come before those any more. Returns the last one forgotten. */
  forget(count: number): LogEntry | undefined
  /** Returns the conflicts that came about since this was asked before, each once. */
  takeConflicts(): ToldConflict[]
}

/** What is the same for every entry of a log. */
export type FoldContext = Pick<ActionContext, 'creator' | 'subjectHash' | 'isHome' | 'isGuest' | 'rows'>

/** What the author of an entry was, as far as they had seen. */
export type Standing = Pick<ActionContext, 'permission' | 'members' | 'personName'>

/**
 * Creates a fold of an empty log, or one that goes on from `begin`. It remembers what each entry changed, so that
 * an entry that comes late costs what follows it, and none costs what the log
 * is long.
 *
 * `standingOf` returns undefined where somebody was not in.
 */
export function createStateFold (context: FoldContext, standingOf: (entry: LogEntry) => Standing | undefined, begin: Draft = createDraft()): StateFold {
  const { rows } = context
  const entries: LogEntry[] = []
  const draft = begin
  /** How many changes of the draft there were before each entry that is applied. */
  const marks: number[] = []
  const told = new Set<string>()
  let news: ToldConflict[] = []
  const compare = (a: LogEntry, b: LogEntry): number => rows.compare(a.row, b.row)

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
    const mark = marks[place]
    if (mark === undefined) return
    draft.journal.undoTo(mark)
    marks.length = place
  }
  const apply = (entry: LogEntry): string | undefined => {
    const { content, person, author, time, cid, row } = entry
    if (content === undefined) return undefined
    if (entry.flaw !== undefined) return entry.flaw
    const standing = standingOf(entry)
    if (standing === undefined) return 'its author is no participant'
    const applied = { ...context, ...standing, person, device: author, time, action: cid, row }
    const refusal = refusalOf(draft, applied, content)
    if (refusal === undefined) definitionOf(content).reduce(draft, applied, content)
    return refusal?.reason
  }
  /** Notes conflicts that were not there when this stretch was applied before. */
  const noteConflicts = (): void => {
    for (const conflict of draft.told.splice(0)) {
      const name = `${conflict.lost.action.toString()} ${conflict.kept.action.toString()}`
      if (told.has(name)) continue
      told.add(name)
      news.push(conflict)
    }
  }
  const applyAll = (): Draft => {
    for (let entry = entries[marks.length]; entry !== undefined; entry = entries[marks.length]) {
      marks.push(draft.journal.length)
      entry.ignored = apply(entry)
      if (draft.told.length > 0) noteConflicts()
    }
    return draft
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
    draft: applyAll,
    before (count, use) {
      applyAll()
      rewind(Math.max(0, entries.length - count))
      return use(draft)
    },
    forget (count) {
      applyAll()
      const forgotten = entries.splice(0, Math.max(0, entries.length - count))
      marks.splice(0, forgotten.length)
      const [first = draft.journal.length] = marks
      draft.journal.forget(first)
      for (const [place, mark] of marks.entries()) marks[place] = mark - first
      return forgotten.at(-1)
    },
    takeConflicts () {
      const taken = news
      news = []
      return taken
    }
  }
}
