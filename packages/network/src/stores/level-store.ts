import { StorageUnavailableError, StoppedError, type AbortOptions, type Store } from '@parley/core'
import { mkdirSync } from 'node:fs'
import { createGroupCommit } from './group-commit.ts'
import { openLevelDatabase, type LevelChange } from './level-database.ts'
import { blockKey, blockRange, dataKey, dataRange, keyOfData, multihashOfBlock } from './level-keys.ts'
import { createBlockstore, createDatastore, type StorePort } from './store-adapters.ts'

export interface LevelStoreInit {
  /**
   * Room that is left on the disk whatever happens: writes are refused before it is used.
   *
   * @default 64 MiB
   */
  minFreeBytes?: number
}

/**
 * Opens the store in `folder`, creating both when they do not exist.
 *
 * Data and blocks share one LevelDB database, so that a commit is one atomic
 * batch. Durable commits flush the disk; those that come together share a flush.
 *
 * @throws {StoreLockedError} another process, or another call in this one, has it open
 * @throws {StorageUnavailableError} the folder cannot be created or opened
 */
export async function openLevelStore (folder: string, { minFreeBytes = 64 * 1024 * 1024 }: LevelStoreInit = {}): Promise<Store> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new StorageUnavailableError((cause as { code?: string }).code === 'ENOSPC' ? 'full' : 'failed', `${folder} (${(cause as Error).message})`, { cause })
  }
  const database = await openLevelDatabase(folder, { minFreeBytes })
  const group = createGroupCommit<LevelChange>(database.write, sizeOf)
  let closing: Promise<void> | undefined

  const ready = (signal: AbortSignal | undefined): void => {
    if (closing !== undefined) throw new StoppedError('The store')
    signal?.throwIfAborted()
  }
  // Synchronous reads cost a twentieth of the others in LevelDB, and what is asked for is mostly in memory.
  const read = (key: Uint8Array, signal: AbortSignal | undefined): Uint8Array | undefined => {
    ready(signal)
    return database.get(key)
  }
  async function * range (bounds: { gte: Uint8Array, lt: Uint8Array }, { signal }: AbortOptions = {}): AsyncGenerator<[Uint8Array, Uint8Array]> {
    ready(signal)
    for await (const entry of database.entries(bounds)) {
      signal?.throwIfAborted()
      yield entry
    }
  }
  const port: Omit<StorePort, 'commit'> & Pick<Store, 'commit'> = {
    // A batch that has begun is not taken back: the signal ends only what did not start.
    async commit (changes, { signal, durable = false } = {}) {
      ready(signal)
      if (changes.length > 0) await group.commit(changes, durable)
    },
    async * entries (prefix, options) {
      for await (const [key, value] of range(dataRange(prefix), options)) yield { key: keyOfData(key), value }
    },
    get: async (key, { signal } = {}) => read(dataKey(key), signal),
    getBlock: async (cid, { signal } = {}) => read(blockKey(cid), signal),
    async deleteBlock (cid, { signal } = {}) {
      ready(signal)
      await group.commit([{ type: 'delete-block', key: blockKey(cid) }], false)
    },
    async * blocks (options) {
      for await (const [key, bytes] of range(blockRange, options)) yield { multihash: multihashOfBlock(key), bytes }
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
      closing ??= group.idle().then(database.close)
      await closing
    }
  }
}

/** About what a change adds to the disk. */
function sizeOf (change: LevelChange): number {
  switch (change.type) {
    case 'put': return 64 + change.key.length + change.value.byteLength
    case 'block': return 64 + change.bytes.byteLength
    case 'delete':
    case 'delete-block': return 64
  }
}
