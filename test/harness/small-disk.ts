import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A disk of its own that is easily filled. */
export interface SmallDisk {
  path: string
  /** Leaves `bytes` of room. */
  fill(bytes: number): Promise<void>
  makeRoom(): Promise<void>
  remove(): void
}

/** Mounts one; where that is not possible, skips the running test with the reason. */
export function mountSmallDisk (context: Mocha.Context, path: string, megabytes: number): SmallDisk {
  const skip = (reason: string): never => {
    console.log(`      skipped: ${reason}`)
    return context.skip()
  }
  if (process.platform !== 'linux') skip('only Linux mounts a small disk in memory')
  if (process.getuid?.() !== 0) skip('only root mounts a disk')
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    skip(`this machine lets nobody mount a disk: ${(error as Error).message}`)
  }
  const filler = join(path, 'filler')
  return {
    path,
    async fill (bytes) {
      const { bavail, bsize } = statfsSync(path)
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
    },
    makeRoom: async () => { await rm(filler) },
    remove: () => { execFileSync('umount', ['-l', path]) }
  }
}
