import { cidOf, createSeededRandom } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupFileSteps } from '../../src/backup/backup-file.ts'
import { createIdentity } from '../../src/node.ts'

/** What test backups are locked with: a passphrase that costs little to try. */
export const LOCK = { passphrase: 'correct horse', workFactor: 10 }
export const KEY = { passphrase: 'correct horse' }

/** Returns the name of the error with which `work` ends, or `'nothing'`. */
export async function errorName (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'nothing', (error: unknown) => (error as Error).name)
}

/** Makes a device with 301 entries and 300 blocks, and returns its DID. */
export async function makeDevice (folder: string): Promise<string> {
  const { device } = await createIdentity(folder, { name: 'Alice' })
  const random = createSeededRandom(1)
  const store = await openLevelStore(join(folder, 'store'))
  for (let index = 0; index < 300; index++) {
    const block = random(1 + index * 20)
    await store.commit([{ type: 'put', key: `/things/${index}`, value: random(index) }, { type: 'block', cid: cidOf(block), bytes: block }])
  }
  await store.commit([{ type: 'put', key: '/größe/✓', value: new Uint8Array(0) }], { durable: true })
  await store.close()
  return device
}

/** The file system, until the given step; from there on nothing happens any more, as when the process is killed. */
export function dyingAt (step: number): BackupFileSteps {
  let count = 0
  const next = async <T>(run: () => Promise<T>): Promise<T> => {
    if (count++ >= step) throw Object.assign(new TypeError('died'), { code: 'EIO' })
    return await run()
  }
  return {
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
