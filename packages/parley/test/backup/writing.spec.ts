import type { Store } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { expect } from 'chai'
import { mkdir, mkdtemp, open, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupFileSteps } from '../../src/backup/backup-file.ts'
import { exportBackup, importBackup, readIdentity } from '../../src/node.ts'
import { KEY, LOCK, dyingAt, errorName, makeDevice } from './support.ts'

describe('writing a backup', function () {
  this.timeout(60_000)
  let root: string
  let source: string
  let device: string

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-backup-'))
    source = join(root, 'source')
    device = await makeDevice(source)
    await mkdir(join(root, 'files'))
  })

  after(async () => { await rm(root, { recursive: true, force: true }) })

  it('leaves the file that was there, or the new one, wherever writing it dies', async () => {
    const out = join(root, 'files', 'again.age')
    const old = Buffer.from('what was there')
    let isWhole = false
    let replaced = 0
    for (let step = 0; !isWhole; step++) {
      await writeFile(out, old)
      isWhole = await errorName(exportBackup(source, out, { ...LOCK, files: dyingAt(step) })) === 'nothing'
      const now = await readFile(out)
      if (!now.equals(old)) {
        replaced++
        await importBackup(out, join(root, `imported-${step}`), KEY)
        expect((await readIdentity(join(root, `imported-${step}`))).keys.did).to.equal(device)
      }
    }
    // After the rename there are still the steps that flush the folder.
    expect(replaced).to.be.at.least(2)
  })

  it('is written as it is read: a slow disk holds the store back', async () => {
    const block = new Uint8Array(256 * 1024)
    let readBytes = 0
    let writtenBytes = 0
    let furthest = 0
    const store: Store = {
      ...await emptyStore(),
      entries: async function * () {
        for (let index = 0; index < 200; index++) {
          readBytes += block.byteLength
          yield { key: `/large/${index}`, value: block }
        }
      }
    }
    const files: BackupFileSteps = {
      open: async (path, flags, mode) => {
        const handle = await open(path, flags, mode)
        return {
          writeFile: async data => {
            await handle.writeFile(data)
            writtenBytes += (data as Uint8Array).byteLength
            furthest = Math.max(furthest, readBytes - writtenBytes)
          },
          sync: async () => { await handle.sync() },
          close: async () => { await handle.close() }
        }
      },
      rename,
      unlink
    }
    const told: number[] = []
    const { sizeBytes, entries } = await exportBackup({ folder: source, store }, join(root, 'large.age'), { ...LOCK, files, onProgress: ({ bytes }) => { told.push(bytes) } })
    expect(entries).to.equal(200)
    expect(told.at(-1)).to.equal(sizeBytes)
    expect(furthest).to.be.below(1024 * 1024)
    let last = { bytes: 0, totalBytes: 0 }
    await importBackup(join(root, 'large.age'), join(root, 'large'), { ...KEY, onProgress: ({ bytes, totalBytes = 0 }) => { last = { bytes, totalBytes } } })
    expect(last).to.deep.equal({ bytes: sizeBytes, totalBytes: sizeBytes })
  })

  async function emptyStore (): Promise<Store> {
    const store = await openLevelStore(join(root, 'empty-store'))
    await store.close()
    const nothing = async function * (): AsyncGenerator<never> {}
    return { ...store, blockstore: Object.assign(Object.create(store.blockstore) as Store['blockstore'], { getAll: nothing }) }
  }
})
