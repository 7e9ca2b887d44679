import { StorageUnavailableError, StoppedError, type AbortOptions, type Change, type Store } from '@parley/core'
import type { CID } from 'multiformats/cid'
import { toString } from 'uint8arrays'
import { createBlockstore, createDatastore, type StorePort } from './store-adapters.ts'

const DATA = 'data'
const BLOCKS = 'blocks'

/** Above every character that a key holds. */
const LAST_CHARACTER = '\uffff'

/** Entries are listed this many at a time: a transaction does not outlast a wait for its reader. */
const PAGE = 256

interface StoredBlock {
  multihash: Uint8Array
  bytes: Uint8Array
}

/**
 * Opens the IndexedDB store `name` of a page, creating it when it does not exist.
 *
 * Data and blocks share one database, so that a commit is one transaction;
 * `durable` asks the browser to flush it.
 *
 * @throws {StorageUnavailableError} the browser gives no storage
 */
export async function openIdbStore (name: string): Promise<Store> {
  const database = await openDatabase(name)
  let closed = false
  const ready = (signal: AbortSignal | undefined): void => {
    if (closed) throw new StoppedError('The store')
    signal?.throwIfAborted()
  }
  const write = async (apply: (data: IDBObjectStore, blocks: IDBObjectStore) => void, durable: boolean): Promise<void> => {
    try {
      const transaction = database.transaction([DATA, BLOCKS], 'readwrite', { durability: durable ? 'strict' : 'relaxed' })
      apply(transaction.objectStore(DATA), transaction.objectStore(BLOCKS))
      await completed(transaction)
    } catch (cause) {
      throw unavailable(name, cause)
    }
  }
  const port: Omit<StorePort, 'commit'> & Pick<Store, 'commit'> = {
    async commit (changes, { signal, durable = false } = {}) {
      ready(signal)
      if (changes.length === 0) return
      await write((data, blocks) => { for (const change of changes) apply(change, data, blocks) }, durable)
    },
    async * entries (prefix, { signal } = {}) {
      for await (const [key, value] of pages<Uint8Array>(database, DATA, prefix, () => { ready(signal) })) yield { key, value }
    },
    async get (key, { signal } = {}) {
      ready(signal)
      return await requested<Uint8Array | undefined>(database.transaction(DATA).objectStore(DATA).get(key))
    },
    async getBlock (cid, { signal } = {}) {
      ready(signal)
      return (await requested<StoredBlock | undefined>(database.transaction(BLOCKS).objectStore(BLOCKS).get(blockKey(cid))))?.bytes
    },
    async deleteBlock (cid, { signal }: AbortOptions = {}) {
      ready(signal)
      await write((_data, blocks) => { blocks.delete(blockKey(cid)) }, false)
    },
    async * blocks ({ signal } = {}) {
      for await (const [, block] of pages<StoredBlock>(database, BLOCKS, '', () => { ready(signal) })) yield block
    }
  }
  return {
    datastore: createDatastore(port),
    blockstore: createBlockstore(port),
    commit: port.commit,
    entries: port.entries,
    get: port.get,
    getBlock: port.getBlock,
    async close () {
      closed = true
      // Transactions that have begun still complete.
      database.close()
    }
  }
}

function apply (change: Change, data: IDBObjectStore, blocks: IDBObjectStore): void {
  if (change.type === 'put') data.put(change.value, change.key)
  else if (change.type === 'delete') data.delete(change.key)
  else blocks.put({ multihash: change.cid.multihash.bytes, bytes: change.bytes } satisfies StoredBlock, blockKey(change.cid))
}

function blockKey (cid: CID): string {
  return toString(cid.multihash.bytes, 'base64')
}

async function * pages<Value> (database: IDBDatabase, store: string, prefix: string, check: () => void): AsyncGenerator<[string, Value]> {
  let after: string | undefined
  for (;;) {
    check()
    const range = IDBKeyRange.bound(after ?? prefix, prefix + LAST_CHARACTER, after !== undefined)
    const objects = database.transaction(store).objectStore(store)
    const [keys, values] = await Promise.all([
      requested<IDBValidKey[]>(objects.getAllKeys(range, PAGE)),
      requested<Value[]>(objects.getAll(range, PAGE))
    ])
    for (const [index, key] of keys.entries()) {
      check()
      yield [key as string, values[index] as Value]
    }
    if (keys.length < PAGE) return
    after = keys.at(-1) as string
  }
}

async function openDatabase (name: string): Promise<IDBDatabase> {
  try {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(DATA)
      opening.result.createObjectStore(BLOCKS)
    }
    return await requested(opening)
  } catch (cause) {
    throw unavailable(name, cause)
  }
}

function requested<Value> (request: IDBRequest): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result as Value) }
    request.onerror = () => { reject(request.error ?? new DOMException('the request failed')) }
  })
}

function completed (transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => { resolve() }
    transaction.onabort = () => { reject(transaction.error ?? new DOMException('the transaction was aborted')) }
  })
}

function unavailable (name: string, cause: unknown): StorageUnavailableError {
  const { name: kind, message } = cause as DOMException
  return new StorageUnavailableError(kind === 'QuotaExceededError' ? 'full' : 'failed', `${name} (${message})`, { cause })
}
