import { chmod, mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InvalidArgumentError, StorageUnavailableError, type RandomBytes } from '@parley/core'
import { toString } from 'uint8arrays'
import { systemSteps, writeAtomically, type FileSteps } from './atomic-file.ts'
import { isName } from './key-file.ts'
import { SWITCH_FILE, encodeSwitch, readSwitch, type SwitchedFile } from './key-switch.ts'
import { compareText } from './text.ts'

const SUFFIX = '.key'

/** The files of a key store: each whole, and all of them able to change at one moment. */
export interface KeyFolder {
  pathOf(name: string): string
  /** Returns the key file, or undefined where there is none of this name. */
  read(name: string): Promise<Uint8Array | undefined>
  write(file: SwitchedFile): Promise<void>
  /** Replaces all of these files, or, whatever dies, none of them. */
  writeAll(files: SwitchedFile[]): Promise<void>
  names(): Promise<string[]>
}

/** Creates the key folder at `path` (mode 0700, files 0600); it is made when it is needed. */
export function createKeyFolder (path: string, { random, files = systemSteps }: { random: RandomBytes, files?: FileSteps | undefined }): KeyFolder {
  const pathOf = (name: string): string => {
    if (!isName(name)) throw new InvalidArgumentError(`${JSON.stringify(name)} is no key name: up to 64 lower case letters, digits and hyphens`)
    return join(path, name + SUFFIX)
  }
  const replace = async (target: string, bytes: Uint8Array): Promise<void> => {
    await writeAtomically(target, `${target}.${toString(random(8), 'base16')}.tmp`, bytes, files)
    await removeLeftOvers(target)
  }
  /** Copies a decided switch to where its files belong; it holds until the last of them is on the disk. */
  const finish = async (): Promise<void> => {
    const switched = await readSwitch(path)
    if (switched === undefined) return
    for (const { name, bytes } of switched) await replace(pathOf(name), bytes)
    await files.unlink(join(path, SWITCH_FILE))
    // Or it could come back after a power failure and hide what is written from now on.
    const folder = await files.open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
  const prepare = async (): Promise<void> => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    // A folder that was there before may be open to others.
    await chmod(path, 0o700)
    await finish()
    await removeLeftOvers(join(path, SWITCH_FILE))
  }
  const orUnavailable = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      throw unavailable(path, error)
    }
  }
  return {
    pathOf,
    async read (name) {
      const file = pathOf(name)
      const switched = await orFailed(readSwitch(path))
      return switched?.find(entry => entry.name === name)?.bytes ?? await orFailed(readFile(file).catch(missing))
    },
    async write ({ name, bytes }) {
      await orUnavailable(async () => {
        await prepare()
        await replace(pathOf(name), bytes)
      })
    },
    async writeAll (all) {
      await orUnavailable(async () => {
        await prepare()
        await replace(join(path, SWITCH_FILE), encodeSwitch(all))
        await finish()
      })
    },
    async names () {
      const names = (await orFailed(readdir(path).catch(missing)) ?? []).filter(name => name.endsWith(SUFFIX)).map(name => name.slice(0, -SUFFIX.length)).filter(isName)
      const switched = await orFailed(readSwitch(path)) ?? []
      return [...new Set([...names, ...switched.map(({ name }) => name)])].sort(compareText)
    }
  }
}

/** Removes what earlier writes of this file left when they were killed: it holds secrets too. */
async function removeLeftOvers (path: string): Promise<void> {
  const folder = dirname(path)
  const names = await readdir(folder)
  const left = names.map(name => join(folder, name)).filter(file => file.startsWith(`${path}.`) && file.endsWith('.tmp'))
  await Promise.all(left.map(async file => { await rm(file, { force: true }) }))
}

function missing (error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

async function orFailed<T> (reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    throw new StorageUnavailableError('failed', String(error), { cause: error })
  }
}

function unavailable (folder: string, error: unknown): unknown {
  const code = codeOf(error)
  // What has no code of the system is ours and has its name.
  if (code === undefined) return error
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'failed'
  return new StorageUnavailableError(reason, folder, { cause: error })
}

function codeOf (error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}
