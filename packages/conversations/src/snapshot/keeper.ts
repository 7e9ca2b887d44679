import type { Logger, Store } from '@parley/core'
import { compactChanges } from '../log/log-pages.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { OpenLogs } from '../log/open-logs.ts'

/** Keeps snapshots of logs that are read, now and then, out of the way of whoever reads. */
export interface SnapshotKeeper {
  /** Looks at a log that was just read. */
  consider(log: OpenLog): void
  /** Keeps what is worth it of the logs in memory. */
  stop(): Promise<void>
}

/** Rows that a log gains before its state is kept anew; of a long log an eighth, so that all writing together stays in proportion to the log. */
const MIN_GAIN = 1024
/** As many are worth it when nobody is there to wait. */
const MIN_GAIN_AT_END = 128

export function createSnapshotKeeper ({ store, logs, logger }: { store: Store, logs: OpenLogs, logger: Logger }): SnapshotKeeper {
  const saving = new Set<string>()
  const gain = ({ reader, index }: OpenLog): number => reader?.unsaved(index) ?? 0

  const save = async (log: OpenLog): Promise<void> => {
    const { reader, index, name, id } = log
    // What is not stored yet would be named by what is.
    if (reader === undefined || log.isAhead) return
    try {
      const changes = await reader.save(index)
      if (changes.length === 0) return
      await store.commit([...changes, ...await compactChanges(store, name, index)])
      reader.forget()
      logger.debug('a conversation’s state was kept', { conversation: id.toString(), rows: index.rows.size })
    } catch (error) {
      // The log is there; what could not be kept is read again.
      logger.info('a conversation’s state could not be kept', { conversation: id.toString(), error })
    }
  }
  return {
    consider (log) {
      if (log.index.isHome || saving.has(log.name) || gain(log) < Math.max(MIN_GAIN, log.index.rows.size >> 3)) return
      saving.add(log.name)
      void logs.run(log.id, async known => { if (known !== undefined) await save(known) })
        .catch((error: unknown) => { logger.debug('a conversation’s state was not kept', { error }) })
        .finally(() => { saving.delete(log.name) })
    },
    async stop () {
      await logs.each(async log => {
        if (!log.index.isHome && gain(log) >= MIN_GAIN_AT_END) await save(log)
      })
    }
  }
}
