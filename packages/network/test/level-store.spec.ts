import { CID, createSeededRandom, type Store } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { failureOf } from './support/failure.ts'

const random = createSeededRandom(7)
const value = (sizeBytes: number): Uint8Array => random(sizeBytes)

describe('a LevelDB store', () => {
  let folder = ''

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-level-')) })
  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  it('belongs to one owner at a time', async () => {
    const store = await openLevelStore(folder)
    const error = await failureOf(openLevelStore(folder))
    expect(error.name).to.equal('StoreLockedError')
    expect(error.message).to.include(folder)
    await store.close()
    await (await openLevelStore(folder)).close()
  })

  it('names the reason when its folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), 'x')
    expect((await failureOf(openLevelStore(join(folder, 'file', 'store')))).name).to.equal('StorageUnavailableError')
  })

  it('has everything that was acknowledged after its process was killed', async function () {
    this.timeout(20_000)
    for (const enough of [1, 40, 200]) {
      const path = join(folder, `store-${enough}`)
      const last = await killAfter(path, enough)
      const store = await openLevelStore(path)
      let count = 0
      for await (const { value } of store.entries('/n/')) {
        expect(await store.getBlock(CID.decode(value)), 'a commit is whole').to.deep.equal(new TextEncoder().encode(`block ${count}`))
        count++
      }
      expect(count).to.be.greaterThan(last)
      await store.close()
    }
  })

  it('refuses a durable commit by name while its folder is missing, and goes on when it is back', async () => {
    const [path, aside] = [join(folder, 'store'), join(folder, 'aside')]
    const store = await openLevelStore(path)
    await store.commit([{ type: 'put', key: '/before', value: Uint8Array.of(1) }], { durable: true })
    await rename(path, aside)
    const error = await failureOf(store.commit([{ type: 'put', key: '/lost', value: value(1) }], { durable: true }))
    expect(error.name).to.equal('StorageUnavailableError')
    expect(error).to.have.property('reason', 'missing')
    expect(await store.get('/before')).to.deep.equal(Uint8Array.of(1))
    await mkdir(path)
    expect(await failureOf(store.commit([{ type: 'put', key: '/lost', value: value(1) }], { durable: true }))).to.have.property('reason', 'missing')
    await rm(path, { recursive: true })
    await rename(aside, path)
    await store.commit([{ type: 'put', key: '/after', value: Uint8Array.of(2) }], { durable: true })
    await store.close()
    const again = await openLevelStore(path)
    expect([await again.get('/before'), await again.get('/lost'), await again.get('/after')]).to.deep.equal([Uint8Array.of(1), undefined, Uint8Array.of(2)])
    await again.close()
  })

  it('leaves the room free that it was told to', async () => {
    const { bavail, bsize } = statfsSync(folder)
    const store = await openLevelStore(folder, { minFreeBytes: bavail * bsize * 2 })
    const error = await failureOf(store.commit([{ type: 'put', key: '/k', value: value(1) }]))
    expect(error.name).to.equal('StorageUnavailableError')
    expect(error).to.have.property('reason', 'full')
    expect(error.message).to.include(folder)
    await store.close()
  })

  describe('on a disk of its own that fills up', () => {
    let disk = ''

    before(async function () {
      disk = await mkdtemp(join(tmpdir(), 'parley-disk-'))
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'pipe' })
      } catch (error) {
        console.log(`      skipped: a small disk cannot be mounted here (${(error as Error).message.trim()})`)
        await rm(disk, { recursive: true })
        disk = ''
        this.skip()
      }
    })
    after(async () => {
      if (disk === '') return
      // Lazily, so that a test that failed with its store open leaves no mount behind.
      execFileSync('umount', ['--lazy', disk])
      await rm(disk, { recursive: true })
    })

    for (const [how, minFreeBytes] of [['before a write', 4 * 1024 * 1024], ['in the middle of a write', 0]] as const) {
      it(`says so when it is noticed ${how}, keeps what it has, and goes on when there is room`, async function () {
        this.timeout(20_000)
        const path = join(disk, `store-${minFreeBytes}`)
        const ballast = join(disk, 'ballast')
        // LevelDB may write all of it again to tidy up: what is freed later has to be as much as can be kept.
        await writeFile(ballast, new Uint8Array(14 * 1024 * 1024))
        let store = await openLevelStore(path, { minFreeBytes })
        const kept: string[] = []
        const error = await fill(store, kept)
        expect(error.name).to.equal('StorageUnavailableError')
        expect(error).to.have.property('reason', 'full')
        expect(kept.length).to.be.greaterThan(10)
        for (const key of kept) expect(await store.get(key)).to.have.length(65_536)
        await unlink(ballast)
        await store.commit([{ type: 'put', key: '/after', value: value(65_536) }], { durable: true })
        await store.close()
        store = await openLevelStore(path, { minFreeBytes: 0 })
        for (const key of [...kept, '/after']) expect(await store.get(key), key).to.have.length(65_536)
        await store.close()
        await rm(path, { recursive: true })
      })
    }
  })
})

/** Commits durably until it fails; notes what was acknowledged. */
async function fill (store: Store, kept: string[]): Promise<Error> {
  for (let index = 0; index < 1000; index++) {
    const key = `/fill/${index}`
    try {
      await store.commit([{ type: 'put', key, value: value(65_536) }], { durable: true })
    } catch (error) {
      return error as Error
    }
    kept.push(key)
  }
  return new RangeError('the disk did not fill up')
}

/** Runs a process that commits, kills it once it has told `count` numbers, and returns the last it told. */
async function killAfter (path: string, count: number): Promise<number> {
  const child = spawn(process.execPath, ['--conditions=parley-source', fileURLToPath(new URL('support/committing-process.ts', import.meta.url)), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise(resolve => { child.on('exit', resolve) })
  let last = -1
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last + 1 === count) child.kill('SIGKILL')
  }
  await exited
  return last
}
