import { StorageUnavailableError, type Change } from '@parley/core'
import { ClassicLevel } from 'classic-level'
import { StoreLockedError } from '../errors.ts'
import { createFolderGuard, type FolderGuard } from './folder-guard.ts'
import { blockKey, dataKey } from './level-keys.ts'

type Level = ClassicLevel<Uint8Array, Uint8Array>

/** Writes that promise nothing look at the folder again after so much: the look costs a tenth of a small write. */
const CHECK_AFTER_BYTES = 256 * 1024
/** Entries that one read brings. */
const READ_AT_ONCE = 256

/** A delete of a block, which only the blockstore's own port asks for. */
export type LevelChange = Change | { type: 'delete-block', key: Uint8Array }

/** A LevelDB database that heals after a failed write. */
export interface LevelDatabase {
  /** @throws {StorageUnavailableError} it cannot be read, or could not be opened again after a failed write */
  get(key: Uint8Array): Uint8Array | undefined
  /** Yields entries in key order. @throws {StorageUnavailableError} as `get` */
  entries(bounds: { gte: Uint8Array, lt: Uint8Array }): AsyncGenerator<[Uint8Array, Uint8Array]>
  /** @throws {StorageUnavailableError} */
  write(changes: LevelChange[], options: { durable: boolean, sizeBytes: number }): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the database in `folder`.
 *
 * @throws {StoreLockedError | StorageUnavailableError}
 */
export async function openLevelDatabase (folder: string, { minFreeBytes }: { minFreeBytes: number }): Promise<LevelDatabase> {
  let level: Level | undefined = await openLevel(folder, { createIfMissing: true })
  const guard = createFolderGuard(folder, { minFreeBytes })
  // After a failed write LevelDB may refuse all others, and what follows a half-written
  // record of its log could be lost: it is opened afresh before the next write.
  let damaged = false
  let uncheckedBytes = CHECK_AFTER_BYTES

  const heal = async (neededBytes: number): Promise<Level> => {
    if (!damaged && level !== undefined) return level
    guard.adopt()
    guard.checkPresent()
    guard.check(neededBytes + guard.logBytes())
    const old = level
    level = undefined
    await old?.close()
    level = await openLevel(folder, { createIfMissing: false })
    damaged = false
    return level
  }

  /** What went wrong in a folder that is gone, went wrong since it is gone. */
  const failure = (cause: unknown): unknown => {
    try {
      guard.checkPresent()
      return unavailable(folder, cause)
    } catch (missing) {
      return missing
    }
  }
  const opened = (): Level => {
    if (level === undefined) throw failure(new StorageUnavailableError('failed', 'it is not open: it could not be opened again after a failed write'))
    return level
  }

  return {
    get (key) {
      const open = opened()
      try {
        return open.getSync(key)
      } catch (cause) {
        throw failure(cause)
      }
    },
    async * entries (bounds) {
      const iterator = opened().iterator(bounds)
      try {
        for (;;) {
          const batch = await iterator.nextv(READ_AT_ONCE).catch((cause: unknown) => { throw failure(cause) })
          if (batch.length === 0) return
          yield * batch
        }
      } finally {
        await iterator.close()
      }
    },
    async write (changes, { durable, sizeBytes }) {
      uncheckedBytes += sizeBytes
      if (!damaged && (durable || uncheckedBytes >= CHECK_AFTER_BYTES)) {
        checkBefore(guard, sizeBytes, () => { damaged = true })
        uncheckedBytes = 0
      }
      const write = async (): Promise<void> => {
        const open = await heal(sizeBytes)
        try {
          await open.batch(changes.map(toOperation), { sync: durable })
        } catch (cause) {
          damaged = true
          throw failure(cause)
        }
      }
      const wasWell = !damaged
      try {
        await write()
      } catch (error) {
        // A disk that was full while LevelDB tidied up is told of with the next write, when there may be room again.
        if (!wasWell || (error as StorageUnavailableError).reason !== 'full') throw error
        await write()
      }
      // The folder may have been taken away during the write; nothing of it may be called kept then.
      if (durable) checkAfter(guard, () => { damaged = true })
    },
    async close () {
      await level?.close()
      level = undefined
    }
  }
}

/** A folder that went missing has to be opened afresh when it is back: it may be another copy. */
function checkBefore (guard: FolderGuard, sizeBytes: number, onMissing: () => void): void {
  try {
    guard.check(sizeBytes)
  } catch (error) {
    if ((error as StorageUnavailableError).reason === 'missing') onMissing()
    throw error
  }
}

function checkAfter (guard: FolderGuard, onMissing: () => void): void {
  try {
    guard.checkPresent()
  } catch (error) {
    onMissing()
    throw error
  }
}

async function openLevel (folder: string, { createIfMissing }: { createIfMissing: boolean }): Promise<Level> {
  const level: Level = new ClassicLevel(folder, { keyEncoding: 'view', valueEncoding: 'view', compression: false, createIfMissing })
  try {
    await level.open()
    return level
  } catch (error) {
    // What stops the opening is the cause of the error, its code says which.
    const cause = (error as { cause?: { code?: unknown } }).cause
    if (cause?.code === 'LEVEL_LOCKED') throw new StoreLockedError(folder, { cause: error })
    throw unavailable(folder, cause ?? error)
  }
}

type Operation = { type: 'put', key: Uint8Array, value: Uint8Array } | { type: 'del', key: Uint8Array }

function toOperation (change: LevelChange): Operation {
  switch (change.type) {
    case 'put': return { type: 'put', key: dataKey(change.key), value: change.value }
    case 'delete': return { type: 'del', key: dataKey(change.key) }
    case 'block': return { type: 'put', key: blockKey(change.cid), value: change.bytes }
    case 'delete-block': return { type: 'del', key: change.key }
  }
}

function unavailable (folder: string, cause: unknown): StorageUnavailableError {
  const detail = (cause as Error).message
  const reason = /no space left|quota/i.test(detail) ? 'full' : /no such file|not exist|does not exist/i.test(detail) ? 'missing' : 'failed'
  return new StorageUnavailableError(reason, `${folder} (${detail})`, { cause })
}
