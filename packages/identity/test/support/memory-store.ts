import { encodeCanonical, type CID, type Change, type Store } from '@parley/core'
import type { Blockstore } from 'interface-blockstore'
import type { Datastore } from 'interface-datastore'

/** What of a store the identity package uses, over a Map; `commits` counts the batches. */
export interface MemoryStore extends Store {
  readonly values: Map<string, Uint8Array>
  commits: number
}

/** Creates an empty store that this package's tests may look into. */
export function createTestStore (): MemoryStore {
  const values = new Map<string, Uint8Array>()
  const blocks = new Map<string, Uint8Array>()
  const apply = (change: Change): void => {
    if (change.type === 'put') values.set(change.key, change.value.slice())
    else if (change.type === 'delete') values.delete(change.key)
    else blocks.set(change.cid.toString(), change.bytes)
  }
  return {
    values,
    commits: 0,
    get datastore (): Datastore { throw new TypeError('not used by identity') },
    get blockstore (): Blockstore { throw new TypeError('not used by identity') },
    async commit (changes) {
      this.commits++
      changes.forEach(apply)
    },
    async * entries (prefix) {
      for (const key of [...values.keys()].filter(key => key.startsWith(prefix)).sort()) {
        yield { key, value: values.get(key) ?? encodeCanonical(null) }
      }
    },
    get: async key => values.get(key),
    getBlock: async (cid: CID) => blocks.get(cid.toString()),
    async close () {}
  }
}
