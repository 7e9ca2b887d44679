import { StorageUnavailableError, type AbortOptions, type RandomBytes } from '@parley/core'
import { createReadStream } from 'node:fs'
import { open, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { toString } from 'uint8arrays'

/** The steps of the file system that writing a file takes; a test makes one of them fail. */
export interface BackupFileSteps {
  open(path: string, flags: string, mode?: number): Promise<Pick<FileHandle, 'writeFile' | 'sync' | 'close'>>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

const systemSteps: BackupFileSteps = { open, rename, unlink }

/**
 * Writes chunks to a file (mode 0600) that has its name only once it is whole
 * and on the disk; a file that had the name before is replaced then.
 *
 * @returns its size in bytes
 * @throws {StorageUnavailableError} and what `chunks` throws; nothing is left behind
 */
export async function writeWhole (path: string, chunks: AsyncIterable<Uint8Array>, { random, files = systemSteps, signal }: AbortOptions & { random: RandomBytes, files?: BackupFileSteps | undefined }): Promise<number> {
  const temporary = `${path}.${toString(random(8), 'base16')}.tmp`
  let sizeBytes = 0
  try {
    const file = await onDisk(path, files.open(temporary, 'wx', 0o600))
    try {
      for await (const chunk of chunks) {
        signal?.throwIfAborted()
        // Appends: a handle keeps its position.
        await onDisk(path, file.writeFile(chunk))
        sizeBytes += chunk.byteLength
      }
      await onDisk(path, file.sync())
    } finally {
      await file.close()
    }
    await onDisk(path, files.rename(temporary, path))
  } catch (error) {
    await files.unlink(temporary).catch(() => {})
    throw error
  }
  await onDisk(path, syncFolder(dirname(resolve(path)), files))
  return sizeBytes
}

/** Reads a file in pieces of 64 KiB. @throws {StorageUnavailableError} */
export async function * readPieces (path: string, { signal }: AbortOptions = {}): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: 64 * 1024 })
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      yield chunk as Uint8Array
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw unavailable(path, error)
  } finally {
    stream.destroy()
  }
}

/** @throws {StorageUnavailableError} */
export async function sizeOf (path: string): Promise<number> {
  return (await onDisk(path, stat(path))).size
}

/** Flushes the names in a folder. */
export async function syncFolder (path: string, files: Pick<BackupFileSteps, 'open'> = systemSteps): Promise<void> {
  const folder = await files.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Waits for the file system. @throws {StorageUnavailableError} */
export async function onDisk<T> (path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw unavailable(path, error)
  }
}

function unavailable (path: string, cause: unknown): unknown {
  const { code, message } = cause as { code?: unknown, message?: string }
  // What has no code of the system is ours and has its name.
  if (code === undefined) return cause
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'failed'
  return new StorageUnavailableError(reason, `${path} (${message ?? code})`, { cause })
}
