import { InvalidBytesError, bytesSchema, countSchema, createCodec, type AbortOptions, type CID, type Change, type Codec, type Logger, type RandomBytes, type Store } from '@parley/core'
import { UndecryptableError, decryptContent, encryptContent } from '@parley/identity'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as z from 'zod/mini'
import { MAX_RECORD_BYTES } from '../actions/record-schema.ts'
import { hex } from '../format/hex.ts'
import type { RecordStamp } from './later-record.ts'

/** A record as the index keeps it; without a value it was deleted. */
export interface IndexedRecord extends RecordStamp {
  key: string
  value: Uint8Array | null
}

/** How much of the log is in the index, and what appending has to know of that part. */
export interface IndexState {
  /** Rows of the log that were applied. */
  applied: number
  /** The hash of the last of them, or null: an index of rows that the disk lost is recognised by it. */
  last: Uint8Array | null
  /** All keys, as they are sealed. */
  keys: Uint8Array
  /** The newest epoch applied, or -1, and the devices that have its keys. */
  epoch: number
  devices: Uint8Array[]
}

/** Where the store keeps what a home log amounts to. Everything is sealed under a key of this device, and no name is readable. */
export interface HomeIndex {
  state(): Promise<IndexState | undefined>
  putState(state: IndexState): Change
  read(collection: string, key: string): Promise<IndexedRecord | undefined>
  put(collection: string, record: IndexedRecord): Change
  /** Yields records that are not deleted, in no particular order; `within` those whose key is that text, or begins with it and a slash. */
  list(collection: string, options?: AbortOptions & { within?: string | undefined }): AsyncGenerator<{ key: string, value: Uint8Array }>
  /** Returns the rows whose content no key opened yet. */
  locked(): Promise<number[]>
  lock(row: number): Change
  unlock(row: number): Change
  /** Returns what removes all of it. */
  clear(): Promise<Change[]>
}

const MAX_ENTRY_BYTES = 16 * 1024 * 1024
const stateCodec = createCodec<IndexState & { v: 1 }>('state of a home’s index', z.strictObject({
  v: z.literal(1),
  applied: countSchema(),
  last: z.nullable(bytesSchema({ exactBytes: 32 })),
  keys: bytesSchema({ maxBytes: MAX_ENTRY_BYTES }),
  epoch: z.custom<number>(value => Number.isSafeInteger(value) && Number(value) >= -1, 'expected an epoch or -1'),
  devices: z.array(bytesSchema({ exactBytes: 32 }))
}), { maxBytes: MAX_ENTRY_BYTES })

const recordCodec = createCodec<IndexedRecord & { v: 1 }>('record of a home’s index', z.strictObject({
  v: z.literal(1),
  key: z.string(),
  wallMs: countSchema(),
  counter: countSchema(),
  action: bytesSchema({ exactBytes: 32 }),
  value: z.nullable(bytesSchema({ maxBytes: MAX_RECORD_BYTES }))
}), { maxBytes: MAX_RECORD_BYTES + 4096 })

const LOCKED = Uint8Array.of(1)
const ROW_DIGITS = 12

export function createHomeIndex ({ store, random, logger, storageKey }: { store: Store, random: RandomBytes, logger: Logger, storageKey: Uint8Array }, home: CID): HomeIndex {
  const root = `/home/${home.toString()}/`
  const text = new TextEncoder()
  const nameKey = hmac(sha256, storageKey, text.encode('parley/1/home-names'))
  const name = (...parts: string[]): string => hex(hmac(sha256, nameKey, text.encode(parts.join('/'))).subarray(0, 16))
  // A collection's name has no slash, so these three are of no two different things.
  const folderOf = (collection: string): string => `${root}records/${name('collection', collection)}/`
  const scopeOf = (collection: string, scope: string): string => `${folderOf(collection)}${name('scope', collection, scope)}/`
  const pathOf = (collection: string, key: string): string => scopeOf(collection, key.split('/', 1)[0] ?? '') + name('key', collection, key)

  const statePath = `${root}state`
  let isDamaged = false
  const sealed = <T> (path: string, codec: Codec<T>, value: T): Change => ({ type: 'put', key: path, value: encryptContent(storageKey, codec.encode(value), text.encode(path), random) })
  /** What is damaged counts as absent, and the state is taken away: so the next process makes the index anew from the log. */
  const opened = async <T> (path: string, codec: Codec<T>, bytes: Uint8Array | undefined): Promise<T | undefined> => {
    if (bytes === undefined) return undefined
    try {
      return codec.decode(decryptContent(storageKey, bytes, text.encode(path)))
    } catch (error) {
      if (!(error instanceof UndecryptableError || error instanceof InvalidBytesError)) throw error
      logger.warn('an entry of the home’s index is damaged', { path, reason: error.message })
      isDamaged = true
      await store.commit([{ type: 'delete', key: statePath }])
      return undefined
    }
  }
  const lockPath = (row: number): string => `${root}locked/${String(row).padStart(ROW_DIGITS, '0')}`

  return {
    state: async () => await opened(statePath, stateCodec, await store.get(statePath)),
    putState: state => isDamaged ? { type: 'delete', key: statePath } : sealed(statePath, stateCodec, { v: 1, ...state }),
    async read (collection, key) {
      const path = pathOf(collection, key)
      return await opened(path, recordCodec, await store.get(path))
    },
    put: (collection, record) => sealed(pathOf(collection, record.key), recordCodec, { v: 1, ...record }),
    async * list (collection, { within, signal } = {}) {
      for await (const entry of store.entries(within === undefined ? folderOf(collection) : scopeOf(collection, within), { signal })) {
        const record = await opened(entry.key, recordCodec, entry.value)
        if (record !== undefined && record.value !== null) yield { key: record.key, value: record.value }
      }
    },
    async locked () {
      const rows: number[] = []
      for await (const { key } of store.entries(`${root}locked/`)) rows.push(Number(key.slice(-ROW_DIGITS)))
      return rows
    },
    lock: row => ({ type: 'put', key: lockPath(row), value: LOCKED }),
    unlock: row => ({ type: 'delete', key: lockPath(row) }),
    async clear () {
      const changes: Change[] = []
      for await (const { key } of store.entries(root)) changes.push({ type: 'delete', key })
      isDamaged = false
      return changes
    }
  }
}
