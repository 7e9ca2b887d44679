import type { Store } from '@parley/core'
import { createGrowthMarks, createOwedMarks, type GrowthMarks, type OwedMarks } from '@parley/conversations'
import { createLogNotes, type LogNotes } from './log-notes.ts'

/** The store of logs, with what has to be known of each that grows. */
export interface LogStore {
  /** The store to give to `createConversations`. */
  store: Store
  owed: OwedMarks
  growth: GrowthMarks
  notes: LogNotes
}

/** Wraps a store so that whatever writes logs into it leaves the marks that delivery, the list and the notes go by. */
export function createLogStore (inner: Store): LogStore {
  const owed = createOwedMarks(inner)
  const growth = createGrowthMarks(owed.store)
  const notes = createLogNotes(growth.store)
  return { store: notes.store, owed, growth, notes }
}
