import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ExportTarget } from '@parley/conversations'
import { FileError, UsageError } from './errors.ts'

/** A folder or file that takes its name only when it is whole. */
export interface Pending<T> {
  target: T
  /** Gives it its name. */
  keep(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

/**
 * Begins a folder beside its later place.
 *
 * @throws {UsageError} when there is something at the place already and `force` does not say to replace it
 * @throws {FileError}
 */
export async function beginFolder (path: string, { force }: { force: boolean }): Promise<Pending<ExportTarget>> {
  await refuseExisting(path, force)
  const temporary = besides(path)
  await asFileError(path, async () => {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { recursive: true })
  })
  return {
    target: {
      async write (name, content) {
        const place = join(temporary, ...name.split('/'))
        await asFileError(path, async () => { await mkdir(dirname(place), { recursive: true }) })
        await writeChunks(place, content)
      }
    },
    keep: async () => { await replace(temporary, path) },
    discard: async () => { await rm(temporary, { recursive: true, force: true }) }
  }
}

/** Begins a file alike; its content is written by `write`. */
export async function beginFile (path: string, { force }: { force: boolean }): Promise<Pending<{ write(content: AsyncIterable<Uint8Array>): Promise<void> }>> {
  await refuseExisting(path, force)
  const temporary = besides(path)
  return {
    target: {
      async write (content) {
        await asFileError(path, async () => { await writeFile(temporary, new Uint8Array(0)) })
        await writeChunks(temporary, content)
      }
    },
    keep: async () => { await replace(temporary, path) },
    discard: async () => { await rm(temporary, { force: true }) }
  }
}

async function writeChunks (place: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(place, 'w').catch((cause: unknown) => { throw new FileError(`${place} cannot be written`, { cause }) })
  try {
    for await (const chunk of content) await file.write(chunk).catch((cause: unknown) => { throw new FileError(`${place} cannot be written`, { cause }) })
    await file.sync()
    await file.close()
  } catch (error) {
    await file.close().catch(() => {})
    await rm(place, { force: true })
    throw error
  }
}

async function refuseExisting (path: string, force: boolean): Promise<void> {
  if (!force && await exists(path)) throw new UsageError(`${path} is there already; choose another name, or replace it with --force`)
}

async function exists (path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}

function besides (path: string): string {
  return join(dirname(path), `.${basename(path)}.part`)
}

/** Puts what was written in the place of what may be there: that is moved aside first, so at any moment one of the two is whole. */
async function replace (temporary: string, path: string): Promise<void> {
  await asFileError(path, async () => {
    const old = join(dirname(path), `.${basename(path)}.old`)
    await rm(old, { recursive: true, force: true })
    if (await exists(path)) await rename(path, old)
    await rename(temporary, path)
    await rm(old, { recursive: true, force: true })
  })
}

async function asFileError (path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((cause: unknown) => { throw new FileError(`${path} cannot be written`, { cause }) })
}
