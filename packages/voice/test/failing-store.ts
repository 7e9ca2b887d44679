import { type Change, StorageUnavailableError, type Store } from '@parley/core'

/** A store whose commits can be made to fail, and that remembers what became durable. */
export interface FailingStore extends Store {
  trouble: 'full' | 'missing' | undefined
  /** Commits until the process "dies": every later one never settles. */
  commitsLeft: number
  readonly commits: Change[][]
  attempts: number
  /** The same disk for the next process; this one is dead from now on. */
  kill(): FailingStore
}

export function createFailingStore (inner: Store, commits: Change[][] = []): FailingStore {
  const store: FailingStore = {
    trouble: undefined,
    commitsLeft: Infinity,
    commits,
    attempts: 0,
    kill () {
      store.commitsLeft = 0
      return createFailingStore(inner, commits)
    },
    datastore: inner.datastore,
    blockstore: inner.blockstore,
    async commit (changes, options) {
      store.attempts++
      if (store.trouble !== undefined) throw new StorageUnavailableError(store.trouble, '/data')
      if (store.commitsLeft <= 0) await new Promise<never>(() => {})
      store.commitsLeft--
      await inner.commit(changes, options)
      store.commits.push(changes)
    },
    entries: (prefix, options) => inner.entries(prefix, options),
    get: async (key, options) => await inner.get(key, options),
    getBlock: async (cid, options) => await inner.getBlock(cid, options),
    close: async () => { await inner.close() }
  }
  return store
}
