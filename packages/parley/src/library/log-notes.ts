import { CID, type Change, type Store } from '@parley/core'

/**
 * Notes about logs, each of which holds until its log grows: what grows a log
 * takes its note away in the same commit, so that after any kill a note that
 * is there is true.
 */
export interface LogNotes {
  /** The store to give to `createConversations`. */
  readonly store: Store
  /** Returns a number that changes whenever a conversation is about to grow and when it has; 0 when it did not since these notes were created. */
  generation(conversation: CID): number
  /** Keeps a note about what a conversation was at `generation`; nothing is kept when it grew since. */
  put(conversation: CID, generation: number, note: Uint8Array): Promise<void>
  get(conversation: CID): Promise<Uint8Array | undefined>
  all(): AsyncGenerator<{ conversation: CID, note: Uint8Array }>
}

const PREFIX = '/parley/log-notes/'
const PAGES = '/conversations/pages/'

/** Creates the notes kept in a store; one for each process. */
export function createLogNotes (inner: Store): LogNotes {
  const generations = new Map<string, number>()
  const inFlight = new Map<string, number>()
  const putting = new Map<string, Promise<void>>()
  const generation = (name: string): number => generations.get(name) ?? 0

  const turn = (name: string, commits: number): void => {
    generations.set(name, generation(name) + 1)
    const count = (inFlight.get(name) ?? 0) + commits
    if (count === 0) inFlight.delete(name)
    else inFlight.set(name, count)
  }

  const commit: Store['commit'] = async (changes, options) => {
    const grown = [...new Set(changes.flatMap(grownIn))]
    if (grown.length === 0) {
      await inner.commit(changes, options)
      return
    }
    for (const name of grown) turn(name, 1)
    try {
      // A note that is on its way must not outlive this.
      for (const name of grown) await putting.get(name)
      await inner.commit([...changes, ...grown.map((name): Change => ({ type: 'delete', key: PREFIX + name }))], options)
    } finally {
      // Once more: who asked in between may have seen the log as it was before.
      for (const name of grown) turn(name, -1)
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
    generation: conversation => generation(conversation.toString()),
    async put (conversation, at, note) {
      const name = conversation.toString()
      await putting.get(name)
      if (generation(name) !== at || inFlight.has(name)) return
      const done = inner.commit([{ type: 'put', key: PREFIX + name, value: note }])
      const settled = done.catch(() => {}).finally(() => { if (putting.get(name) === settled) putting.delete(name) })
      putting.set(name, settled)
      await done
    },
    get: async conversation => await inner.get(PREFIX + conversation.toString()),
    async * all () {
      for await (const { key, value } of inner.entries(PREFIX)) yield { conversation: CID.parse(key.slice(PREFIX.length)), note: value }
    }
  }
}

/** Returns the log that a change adds a page to. */
function grownIn (change: Change): string[] {
  if (change.type !== 'put' || !change.key.startsWith(PAGES)) return []
  const [name = ''] = change.key.slice(PAGES.length).split('/')
  return [name]
}
