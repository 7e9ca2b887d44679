import type { AbortOptions, Change } from '@parley/core'
import { BaseBlockstore } from 'blockstore-core'
import { BaseDatastore } from 'datastore-core'
import type { Blockstore, Pair as BlockPair } from 'interface-blockstore'
import { Key, type Batch, type Datastore, type KeyQuery, type Pair, type Query } from 'interface-datastore'
import { NotFoundError } from 'interface-store'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { decode } from 'multiformats/hashes/digest'
import { concat } from 'uint8arrays'

/** What a store must do for the ecosystem's ports to be built over it. */
export interface StorePort {
  commit(changes: Change[], options?: AbortOptions): Promise<void>
  entries(prefix: string, options?: AbortOptions): AsyncGenerator<{ key: string, value: Uint8Array }>
  get(key: string, options?: AbortOptions): Promise<Uint8Array | undefined>
  getBlock(cid: CID, options?: AbortOptions): Promise<Uint8Array | undefined>
  deleteBlock(cid: CID, options?: AbortOptions): Promise<void>
  /** Yields every block by its multihash: one block has one entry whatever codec it is read with. */
  blocks(options?: AbortOptions): AsyncGenerator<{ multihash: Uint8Array, bytes: Uint8Array }>
}

/** Offers a store's entries as an `interface-datastore`. */
export function createDatastore (port: StorePort): Datastore {
  return new PortDatastore(port)
}

/** Offers a store's blocks as an `interface-blockstore`. */
export function createBlockstore (port: StorePort): Blockstore {
  return new PortBlockstore(port)
}

class PortDatastore extends BaseDatastore {
  readonly #port: StorePort

  constructor (port: StorePort) {
    super()
    this.#port = port
  }

  override async put (key: Key, value: Uint8Array, options?: AbortOptions): Promise<Key> {
    await this.#port.commit([{ type: 'put', key: key.toString(), value }], options)
    return key
  }

  override async get (key: Key, options?: AbortOptions): Promise<Uint8Array> {
    const value = await this.#port.get(key.toString(), options)
    if (value === undefined) throw new NotFoundError()
    return value
  }

  override async has (key: Key, options?: AbortOptions): Promise<boolean> {
    return await this.#port.get(key.toString(), options) !== undefined
  }

  override async delete (key: Key, options?: AbortOptions): Promise<void> {
    await this.#port.commit([{ type: 'delete', key: key.toString() }], options)
  }

  override batch (): Batch {
    let changes: Change[] = []
    return {
      put (key, value) { changes.push({ type: 'put', key: key.toString(), value }) },
      delete (key) { changes.push({ type: 'delete', key: key.toString() }) },
      commit: async options => {
        const batch = changes
        changes = []
        await this.#port.commit(batch, options)
      }
    }
  }

  override async * _all (query: Query, options?: AbortOptions): AsyncGenerator<Pair> {
    for await (const { key, value } of this.#port.entries(query.prefix ?? '', options)) yield { key: new Key(key), value }
  }

  override async * _allKeys (query: KeyQuery, options?: AbortOptions): AsyncGenerator<Key> {
    for await (const { key } of this.#port.entries(query.prefix ?? '', options)) yield new Key(key)
  }
}

type BlockInput = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

class PortBlockstore extends BaseBlockstore {
  readonly #port: StorePort

  constructor (port: StorePort) {
    super()
    this.#port = port
  }

  override async put (cid: CID, value: BlockInput, options?: AbortOptions): Promise<CID> {
    await this.#port.commit([{ type: 'block', cid, bytes: await collect(value) }], options)
    return cid
  }

  override async * get (cid: CID, options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const bytes = await this.#port.getBlock(cid, options)
    if (bytes === undefined) throw new NotFoundError()
    yield bytes
  }

  override async has (cid: CID, options?: AbortOptions): Promise<boolean> {
    return await this.#port.getBlock(cid, options) !== undefined
  }

  override async delete (cid: CID, options?: AbortOptions): Promise<void> {
    await this.#port.deleteBlock(cid, options)
  }

  override async * getAll (options?: AbortOptions): AsyncGenerator<BlockPair> {
    for await (const { multihash, bytes } of this.#port.blocks(options)) {
      yield { cid: CID.createV1(raw.code, decode(multihash)), bytes: once(bytes) }
    }
  }
}

async function * once (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect (value: BlockInput): Promise<Uint8Array> {
  if (value instanceof Uint8Array) return value
  const parts: Uint8Array[] = []
  for await (const part of value) parts.push(part)
  return concat(parts)
}
