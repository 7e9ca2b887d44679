import { StoppedError, type Change, type Store } from '@parley/core'
import type { CID } from 'multiformats/cid'
import { base64 } from 'multiformats/bases/base64'
import { createBlockstore, createDatastore, type StorePort } from './store-adapters.ts'

/** Creates a store that is gone with the process: for tests, and for pages that keep nothing. */
export function createMemoryStore (): Store {
  const data = new Map<string, Uint8Array>()
  const blocks = new Map<string, { multihash: Uint8Array, bytes: Uint8Array }>()
  let closed = false
  const blockKey = (cid: CID): string => base64.baseEncode(cid.multihash.bytes)
  const ready = (signal: AbortSignal | undefined): void => {
    if (closed) throw new StoppedError('The memory store')
    signal?.throwIfAborted()
  }
  const apply = (change: Change): void => {
    // What the caller does to its buffer later must not change what is kept.
    if (change.type === 'put') data.set(change.key, change.value.slice())
    else if (change.type === 'delete') data.delete(change.key)
    else blocks.set(blockKey(change.cid), { multihash: change.cid.multihash.bytes, bytes: change.bytes.slice() })
  }
  const port: StorePort = {
    async commit (changes, { signal } = {}) {
      ready(signal)
      changes.forEach(apply)
    },
    async * entries (prefix, { signal } = {}) {
      ready(signal)
      const keys = [...data.keys()].filter(key => key.startsWith(prefix)).sort()
      // As with a database, the listing shows one moment, whatever is committed meanwhile.
      const entries = keys.map(key => ({ key, value: data.get(key) ?? new Uint8Array() }))
      for (const entry of entries) {
        ready(signal)
        yield entry
      }
    },
    async get (key, { signal } = {}) {
      ready(signal)
      return data.get(key)
    },
    async getBlock (cid, { signal } = {}) {
      ready(signal)
      return blocks.get(blockKey(cid))?.bytes
    },
    async deleteBlock (cid, { signal } = {}) {
      ready(signal)
      blocks.delete(blockKey(cid))
    },
    async * blocks ({ signal } = {}) {
      for (const block of [...blocks.values()]) {
        ready(signal)
        yield block
      }
    }
  }
  return {
    datastore: createDatastore(port),
    blockstore: createBlockstore(port),
    commit: port.commit,
    entries: port.entries,
    get: port.get,
    getBlock: port.getBlock,
    async close () { closed = true }
  }
}
