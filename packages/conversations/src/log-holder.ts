import { sha256, type CID, type Store } from '@parley/core'
import { equals } from 'uint8arrays'
import { frontierOf, readBlock, rowsBeyond, streamRows } from './log/log-stream.ts'
import type { OpenLog } from './log/open-log.ts'
import type { OpenLogs } from './log/open-logs.ts'
import { cidOfHash } from './log/stored-action.ts'
import { accessOf, admissionsOf, formerOf, viewTest } from './log/log-view.ts'
import type { FrontierEntry, LogHolder, MergeOptions, MergeOutcome } from './types.ts'
import { windowOfLog } from './window/window-of-log.ts'

const DEFAULT_MAX_BYTES = 262_144

/** Offers a log to those who replicate it. Every question waits for what is being written, so nothing unstored is told. */
export function createLogHolder ({ store, logs, merge, guests }: { store: Store, logs: OpenLogs, merge: (id: CID, blocks: Uint8Array[], options?: MergeOptions) => Promise<MergeOutcome>, guests: LogHolder['guests'] }, id: CID): LogHolder {
  const ask = async <T> (question: (log: OpenLog) => T, otherwise: T): Promise<T> => await logs.run(id, async log => log === undefined ? otherwise : question(log))
  // A frontier tells others that they need not send what it names: it has to be on the disk.
  const askFlushed = async <T> (question: (log: OpenLog) => T, otherwise: T): Promise<T> => await logs.run(id, async log => {
    await log?.flush()
    return log === undefined ? otherwise : question(log)
  })
  const basics = async (): Promise<Uint8Array | undefined> => await ask(() => true, false) ? await store.getBlock(id) : undefined
  return {
    id,
    exists: async () => await ask(() => true, false),
    basics,
    frontier: async view => await askFlushed(({ index }) => frontierOf(index, view === undefined ? undefined : viewTest(index, { ...view, andBy: [] })), []),
    async * since (frontier: FrontierEntry[], { maxBytes = DEFAULT_MAX_BYTES, view, admitting = [], signal } = {}) {
      const beyond = await ask(({ index }) => ({ index, rows: view === undefined ? rowsBeyond(index, frontier) : rowsBeyond(index, frontier).filter(viewTest(index, view)) }), undefined)
      if (beyond === undefined) return
      const { index } = beyond
      const admissions = frontier.length > 0 ? [] : admissionsOf(index, admitting).filter(viewTest(index, view))
      const first = frontier.length > 0 ? [] : await Promise.all([id, ...admissions.map(row => cidOfHash(index.rows.hash(row)))].map(async cid => await readBlock(store, cid)))
      yield * streamRows(store, index, beyond.rows, first, { maxBytes, signal })
    },
    within: async (view, blocks) => await ask(({ index, hash }) => {
      const isSeen = viewTest(index, view)
      return blocks.filter(bytes => {
        const found = sha256(bytes)
        const row = index.rows.find(found)
        return row < 0 ? equals(found, hash) : isSeen(row)
      })
    }, []),
    covers: async (frontier, view) => await askFlushed(({ index }) => {
      const isSeen = viewTest(index, view)
      return frontier.every(({ cid }) => {
        const row = index.rows.find(cid.multihash.digest)
        return row >= 0 && isSeen(row)
      })
    }, frontier.length === 0),
    access: async view => await ask(({ index }) => accessOf(index, view), []),
    former: async () => await ask(({ index }) => formerOf(index), []),
    guests,
    merge: async (blocks, options) => await merge(id, blocks, options),
    async window (query, view) {
      const index = await ask(log => log.index, undefined)
      if (index === undefined) return { keys: [], blocks: [] }
      const through = view === undefined ? undefined : index.rows.find(view.through.multihash.digest)
      if (through !== undefined && through < 0) return { keys: [], blocks: [] }
      return await windowOfLog(store, index, { ...query, ...(through === undefined ? {} : { through }) })
    },
    missing: async () => await ask(({ held }) => held.missing().map(cidOfHash), [])
  }
}
