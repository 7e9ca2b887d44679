import { countSchema, createCodec, decodeCanonical, type Change, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { ROW_BYTES } from '../log/log-rows.ts'

/**
 * Knows which conversations grew and are not in the list yet. With what a log
 * gains a mark is stored, in the same commit; it goes with the commit that
 * brings the list up to date. So what a kill leaves between the two is found.
 */
export interface GrowthMarks {
  /** The store to give to `createConversations`. */
  readonly store: Store
  /** Returns how many actions a log had after the newest commit of this process; undefined where there was none. */
  rows(conversation: string): number | undefined
  /** Returns what is marked, by the text of its id, with how many actions its log has. */
  marked(): Promise<Map<string, number>>
  /** Commits `changes` of the list, and takes the mark away when they cover all of the log's `rows`. */
  commit(conversation: string, rows: number, changes: Change[]): Promise<void>
}

const BEHIND = '/list/behind/'
const PAGES = '/conversations/pages/'
// Our own disk, not the wire.
const MAX_PAGE_BYTES = 256 * 1024 * 1024
const codec = createCodec<number>('mark of a conversation that grew', countSchema(), { maxBytes: 16 })
const pageSchema = z.looseObject({ rows: z.instanceof(Uint8Array) })

export function createGrowthMarks (inner: Store): GrowthMarks {
  const known = new Map<string, number>()
  const inFlight = new Map<string, number>()
  const removing = new Map<string, Promise<void>>()

  const fly = (name: string, difference: number): void => {
    const count = (inFlight.get(name) ?? 0) + difference
    if (count === 0) inFlight.delete(name)
    else inFlight.set(name, count)
  }
  const commit: Store['commit'] = async (changes, options) => {
    // Pages that are put in place of others add nothing to a log.
    const grown = changes.flatMap(grownIn).filter(({ name }) => !changes.some(change => change.type === 'delete' && change.key.startsWith(`${PAGES}${name}/`)))
    if (grown.length === 0) {
      await inner.commit(changes, options)
      return
    }
    for (const { name } of grown) fly(name, 1)
    try {
      // A mark that is being taken away must not take this one with it.
      for (const { name } of grown) await removing.get(name)
      await inner.commit([...changes, ...grown.map(({ name, rows }): Change => ({ type: 'put', key: BEHIND + name, value: codec.encode(rows) }))], options)
      for (const { name, rows } of grown) known.set(name, Math.max(rows, known.get(name) ?? 0))
    } finally {
      for (const { name } of grown) fly(name, -1)
    }
  }
  return {
    store: {
      datastore: inner.datastore,
      blockstore: inner.blockstore,
      commit,
      entries: (prefix, options) => inner.entries(prefix, options),
      get: async (key, options) => await inner.get(key, options),
      getBlock: async (cid, options) => await inner.getBlock(cid, options),
      close: async () => { await inner.close() }
    },
    rows: name => known.get(name),
    async marked () {
      const marked = new Map<string, number>()
      for await (const { key, value } of inner.entries(BEHIND)) marked.set(key.slice(BEHIND.length), codec.decode(value))
      return marked
    },
    async commit (name, rows, changes) {
      const isCovered = !inFlight.has(name) && (known.get(name) ?? rows) <= rows
      if (!isCovered) {
        await inner.commit(changes)
        return
      }
      const done = inner.commit([...changes, { type: 'delete', key: BEHIND + name }])
      const settled = done.catch(() => {}).finally(() => { if (removing.get(name) === settled) removing.delete(name) })
      removing.set(name, settled)
      await done
    }
  }
}

/** Returns the log that a change adds a page to, and how many rows it has with that. */
function grownIn (change: Change): Array<{ name: string, rows: number }> {
  if (change.type !== 'put' || !change.key.startsWith(PAGES)) return []
  const [name = '', from = ''] = change.key.slice(PAGES.length).split('/')
  const { rows } = pageSchema.parse(decodeCanonical('page of a log', change.value, MAX_PAGE_BYTES))
  return [{ name, rows: Number(from) + rows.byteLength / ROW_BYTES }]
}
