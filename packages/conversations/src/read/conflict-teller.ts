import type { EmitterSource } from '@parley/core'
import type { OpenLog } from '../log/open-log.ts'
import type { ConversationsEvents } from '../types.ts'

/** Tells of conflicts that something stored lately has part in; of those that were there when a log was opened nobody wants to hear again. */
export interface ConflictTeller {
  /** Notes what a log held when it was opened. */
  opened(log: OpenLog): void
  /** Tells what reading a log brought to light. */
  read(log: OpenLog): void
}

export function createConflictTeller (events: Pick<EmitterSource<ConversationsEvents>, 'emit'>): ConflictTeller {
  const opened = new WeakMap<OpenLog, number>()
  return {
    opened (log) { opened.set(log, log.index.rows.size) },
    read (log) {
      const { id, index: { rows } } = log
      const before = opened.get(log) ?? 0
      for (const { item, lost, kept } of log.reader?.takeConflicts() ?? []) {
        const isNew = [lost, kept].some(({ action }) => rows.find(action.multihash.digest) >= before)
        if (isNew) events.emit('conflict', { conversation: id, item, lost, kept })
      }
    }
  }
}
