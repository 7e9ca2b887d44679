import type { CID, Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { frontierOf, rowsBeyond, streamRows } from './log/log-stream.ts'
import type { OpenLog } from './log/open-log.ts'
import type { OpenLogs } from './log/open-logs.ts'
import { cidOfHash } from './log/stored-action.ts'
import type { FrontierEntry, LogHolder, MergeOptions, MergeOutcome } from './types.ts'
import { keyBytes } from './format/key-name.ts'
import { windowOfLog } from './window/window-of-log.ts'

const DEFAULT_MAX_BYTES = 262_144

/** Offers a log to those who replicate it. Every question waits for what is being written, so nothing unstored is told. */
export function createLogHolder ({ store, logs, merge }: { store: Store, logs: OpenLogs, merge: (id: CID, blocks: Uint8Array[], options?: MergeOptions) => Promise<MergeOutcome> }, id: CID): LogHolder {
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
    frontier: async () => await askFlushed(({ index }) => frontierOf(index), []),
    async * since (frontier: FrontierEntry[], { maxBytes = DEFAULT_MAX_BYTES, signal } = {}) {
      const beyond = await ask(({ index }) => ({ index, rows: rowsBeyond(index, frontier) }), undefined)
      if (beyond === undefined) return
      yield * streamRows(store, beyond.index, beyond.rows, frontier.length === 0 ? await basics() : undefined, { maxBytes, signal })
    },
    covers: async frontier => await askFlushed(({ index }) => frontier.every(({ cid }) => index.rows.find(cid.multihash.digest) >= 0), frontier.length === 0),
    access: async () => await ask(accessOf, []),
    merge: async (blocks, options) => await merge(id, blocks, options),
    async window (query) {
      const index = await ask(log => log.index, undefined)
      return index === undefined ? { keys: [], blocks: [] } : await windowOfLog(store, index, query)
    },
    missing: async () => await ask(({ held }) => held.missing().map(cidOfHash), [])
  }
}

/** Returns who may hold a log now, sorted. */
export function accessOf ({ index: { access } }: OpenLog): Did[] {
  return [...access.people(access.newest())].map(person => didFromPublicKey(keyBytes(person))).sort()
}
