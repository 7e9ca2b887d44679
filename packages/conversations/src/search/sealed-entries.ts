import { InvalidBytesError, OversizedBytesError, type Change, type Logger, type RandomBytes, type Store } from '@parley/core'
import { UndecryptableError, decryptContent, encryptContent } from '@parley/identity'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { hex } from '../format/hex.ts'

/** Everything of the search index in the store lies below this. */
export const ROOT = '/search/'

/** Entries of a store that only this device can read; which is which, their names do not say. */
export interface SealedEntries {
  /** Returns a name for a secret one, always the same. */
  name(...parts: string[]): string
  put(path: string, bytes: Uint8Array): Change
  /** Returns what `decode` makes of an entry; `damaged` where it does not open or is no such thing. */
  get<T>(path: string, decode: (bytes: Uint8Array) => T): Promise<T | 'damaged' | undefined>
  /** Yields the entries below a path that open, and names those that do not. */
  list<T>(prefix: string, decode: (bytes: Uint8Array) => T): AsyncGenerator<{ path: string, value: T | 'damaged' }>
  /** Returns what removes everything below a path. */
  removeAll(prefix: string): Promise<Change[]>
  /** A secret of 32 bytes by which documents are numbered. */
  readonly numberingKey: Uint8Array
}

export interface SealedEntriesComponents {
  store: Store
  random: RandomBytes
  logger: Logger
  /** 32 bytes; `storageKey` of the device's keys. */
  storageKey: Uint8Array
}

/** Creates the entries. Each is bound to its place, so none can stand in for another. */
export function createSealedEntries ({ store, random, logger, storageKey }: SealedEntriesComponents): SealedEntries {
  const text = new TextEncoder()
  const derive = (purpose: string): Uint8Array => hkdf(sha256, storageKey, undefined, text.encode(purpose), 32)
  const key = derive('parley/1/search')
  const nameKey = derive('parley/1/search-names')
  const opened = <T> (path: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T | 'damaged' => {
    try {
      return decode(decryptContent(key, bytes, text.encode(path)))
    } catch (error) {
      if (!(error instanceof UndecryptableError || error instanceof InvalidBytesError || error instanceof OversizedBytesError)) throw error
      logger.warn('an entry of the search index is damaged', { path, reason: error.message })
      return 'damaged'
    }
  }
  return {
    numberingKey: derive('parley/1/search-numbers'),
    name: (...parts) => hex(hmac(sha256, nameKey, text.encode(parts.join('/'))).subarray(0, 16)),
    put: (path, bytes) => ({ type: 'put', key: path, value: encryptContent(key, bytes, text.encode(path), random) }),
    async get (path, decode) {
      const bytes = await store.get(path)
      return bytes === undefined ? undefined : opened(path, bytes, decode)
    },
    async * list (prefix, decode) {
      for await (const { key: path, value } of store.entries(prefix)) yield { path, value: opened(path, value, decode) }
    },
    async removeAll (prefix) {
      const changes: Change[] = []
      for await (const { key: path } of store.entries(prefix)) changes.push({ type: 'delete', key: path })
      return changes
    }
  }
}
