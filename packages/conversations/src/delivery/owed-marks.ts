import { CID, cidSchema, createCodec, type Change, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { GUESTS_PREFIX } from '../guests/guests-prefix.ts'

/**
 * Knows which conversations somebody may lack something of. What a log gains
 * is stored with its mark in one commit, so a kill leaves nothing unknown.
 */
export interface OwedMarks {
  /** The store to give to `createConversations`. */
  readonly store: Store
  /** Returns a number that changes whenever a conversation is about to grow. */
  generation(conversation: CID): number
  /** Takes a mark away, unless the conversation grew since `generation`; tells whether it did. */
  clear(conversation: CID, generation: number): Promise<boolean>
  /** Calls `listener` whenever a mark was stored, which a log does once more when it flushes; returns what ends this. */
  watch(listener: (conversation: CID) => void): () => void
  /** Yields what is marked. */
  all(): AsyncGenerator<CID>
}

const PREFIX = '/delivery/owed/'
const PAGES = '/conversations/pages/'
const codec = createCodec('mark of what is owed', z.strictObject({ v: z.literal(1), conversation: cidSchema }), { maxBytes: 128 })

/** Creates the marks kept in a store; one for each process. */
export function createOwedMarks (inner: Store): OwedMarks {
  const generations = new Map<string, number>()
  const removing = new Map<string, Promise<void>>()
  const listeners = new Set<(conversation: CID) => void>()
  const putOf = (conversation: CID): Change => ({ type: 'put', key: PREFIX + conversation.toString(), value: codec.encode({ v: 1, conversation }) })

  const commit: Store['commit'] = async (changes, options) => {
    const grown = [...new Set(changes.flatMap(grownIn))]
    for (const name of grown) generations.set(name, (generations.get(name) ?? 0) + 1)
    // A mark that is being taken away must not take this one with it.
    for (const name of grown) await removing.get(name)
    if (grown.length === 0) {
      await inner.commit(changes, options)
      return
    }
    const ids = grown.map(name => CID.parse(name))
    await inner.commit([...changes, ...ids.map(putOf)], options)
    for (const id of ids) for (const listener of listeners) listener(id)
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
    generation: conversation => generations.get(conversation.toString()) ?? 0,
    async clear (conversation, generation) {
      const name = conversation.toString()
      if ((generations.get(name) ?? 0) !== generation) return false
      const done = inner.commit([{ type: 'delete', key: PREFIX + name }])
      const settled = done.catch(() => {}).finally(() => { if (removing.get(name) === settled) removing.delete(name) })
      removing.set(name, settled)
      await done
      return true
    },
    watch (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    async * all () {
      for await (const { value } of inner.entries(PREFIX)) yield codec.decode(value).conversation
    }
  }
}

/** Returns the log that a change adds a page to, or that somebody else may read by it. */
function grownIn (change: Change): string[] {
  if (change.type !== 'put') return []
  if (change.key.startsWith(GUESTS_PREFIX)) return [change.key.slice(GUESTS_PREFIX.length).split('/')[0] ?? '']
  if (!change.key.startsWith(PAGES)) return []
  const [name = ''] = change.key.slice(PAGES.length).split('/')
  return [name]
}
