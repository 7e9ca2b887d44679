import { StorageUnavailableError } from '@parley/core'
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Watches the folder of a store: LevelDB itself goes on writing into files that nobody can find any more. */
export interface FolderGuard {
  /** @throws {StorageUnavailableError} the folder is not the one that was opened, or has less room than must stay free */
  check(neededBytes: number): void
  /** @throws {StorageUnavailableError} the folder is not the one that was opened */
  checkPresent(): void
  /** Takes the folder as it is now for the one that belongs to the store. */
  adopt(): void
  /** How many bytes of write-ahead log a reopening has to write out again. */
  logBytes(): number
}

/** Creates a guard of a folder that exists. The calls take a few microseconds, which a write of any kind outweighs. */
export function createFolderGuard (folder: string, { minFreeBytes }: { minFreeBytes: number }): FolderGuard {
  let identity = identityOf(folder)
  const checkPresent = (): void => {
    if (identity === undefined || identityOf(folder) !== identity) throw new StorageUnavailableError('missing', folder)
  }
  return {
    checkPresent,
    check (neededBytes) {
      checkPresent()
      const freeBytes = freeBytesAt(folder)
      if (freeBytes < minFreeBytes + neededBytes) {
        throw new StorageUnavailableError('full', `${folder} has ${freeBytes} bytes left, ${minFreeBytes} of which stay free`)
      }
    },
    adopt () { identity = identityOf(folder) },
    logBytes () {
      const logs = readdirSync(folder).filter(name => name.endsWith('.log'))
      return logs.reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
    }
  }
}

function freeBytesAt (folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch (cause) {
    throw new StorageUnavailableError('missing', folder, { cause })
  }
}

/** Names a folder that holds a database; undefined where there is none, such as under an unmounted disk. */
function identityOf (folder: string): string | undefined {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined || !existsSync(join(folder, 'CURRENT'))) return undefined
  return `${stat.dev}:${stat.ino}`
}
