import { open, rename, unlink } from 'node:fs/promises'
import type { FileSteps } from '../../src/atomic-file.ts'

/** The file system, until the given step; from there on nothing happens any more, as when the process is killed. */
export interface DyingFiles extends FileSteps {
  /** How many steps were asked for. */
  steps(): number
}

/** Creates a file system that does `step` steps and fails from then on with the system's `code`. */
export function dyingAt (step: number, code: string): DyingFiles {
  let count = 0
  const next = async <T>(run: () => Promise<T>): Promise<T> => {
    if (count++ >= step) throw Object.assign(new TypeError(`died at step ${step}`), { code })
    return await run()
  }
  return {
    steps: () => count,
    open: async (path, flags, mode) => {
      const file = await next(async () => await open(path, flags, mode))
      return {
        writeFile: async data => { await next(async () => { await file.writeFile(data) }) },
        sync: async () => { await next(async () => { await file.sync() }) },
        close: async () => {
          await file.close()
          await next(async () => {})
        }
      }
    },
    rename: async (from, to) => { await next(async () => { await rename(from, to) }) },
    unlink: async path => { await next(async () => { await unlink(path) }) }
  }
}
