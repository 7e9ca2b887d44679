import { raceSignal, StoppedError, type AbortOptions, type CID } from '@parley/core'
import type { OpenLog } from './open-log.ts'

/** The logs in memory: one instance for each conversation, and one task at a time in each. */
export interface OpenLogs {
  /**
   * Runs `task` when those before it are done, with the log, or undefined
   * where the store has none and `begin` was not called with one. Called with
   * undefined it says that the store has it no longer.
   */
  run<T>(id: CID, task: (log: OpenLog | undefined, begin: (log: OpenLog | undefined) => void) => Promise<T>, options?: AbortOptions): Promise<T>
  /** Runs `task` with each log that is in memory, as `run` does. */
  each(task: (log: OpenLog) => Promise<void>): Promise<void>
  stop(): Promise<void>
}

interface Entry {
  log: OpenLog | undefined
  last: Promise<unknown>
  tasks: number
}

/**
 * Creates the set. A log that was written to and failed is forgotten and read
 * from the disk again: only the disk knows what was stored. At most `maxOpen`
 * logs stay in memory while nothing is done with them.
 */
export function createOpenLogs (open: (id: CID) => Promise<OpenLog | undefined>, { maxOpen }: { maxOpen: number }): OpenLogs {
  const entries = new Map<string, Entry>()
  let stopped = false

  const evict = (): void => {
    for (const [name, entry] of entries) {
      if (entries.size <= maxOpen) return
      if (entry.tasks === 0) entries.delete(name)
    }
  }
  const runIn = async <T> (entry: Entry, id: CID, task: (log: OpenLog | undefined, begin: (log: OpenLog | undefined) => void) => Promise<T>): Promise<T> => {
    entry.log ??= await open(id)
    let log = entry.log
    try {
      const result = await task(log, begun => { log = begun })
      entry.log = log
      return result
    } finally {
      if (log?.isAhead === true) entry.log = undefined
    }
  }
  const run: OpenLogs['run'] = async (id, task, { signal } = {}) => {
    if (stopped) throw new StoppedError('The conversations')
    signal?.throwIfAborted()
    const name = id.toString()
    const entry = entries.get(name) ?? { log: undefined, last: Promise.resolve(), tasks: 0 }
    // Newest last, so that the first idle one is the one unused for longest.
    entries.delete(name)
    entries.set(name, entry)
    entry.tasks++
    const mine = entry.last.then(async () => {
      signal?.throwIfAborted()
      return await runIn(entry, id, task)
    }).finally(() => {
      entry.tasks--
      evict()
    })
    entry.last = mine.catch(() => {})
    return await raceSignal(mine, signal)
  }
  return {
    run,
    async each (task) {
      const open = [...entries.values()].flatMap(({ log }) => log === undefined ? [] : [log.id])
      for (const id of open) await run(id, async log => { if (log !== undefined) await task(log) })
    },
    async stop () {
      stopped = true
      await Promise.all([...entries.values()].map(async ({ last }) => { await last }))
      entries.clear()
    }
  }
}
