import { createSeededRandom, createVirtualClock, sha256, silentLogger, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { exporter } from 'ipfs-unixfs-exporter'
import { createFiles, openSealed, type Files } from '../../src/files/index.ts'
import { CHUNK_BYTES } from '../../src/files/limits.ts'
import { createCrashStore, FATES } from '../kill/crash-store.ts'
import { contentOf, failureOf, gather, inPieces, inventory, listOf, PNG } from './samples.ts'

const MIB = 1024 * 1024
const LARGE = contentOf(18 * MIB + 5)

function filesOf (store: Store, seed = 1): Files {
  return createFiles({ store, clock: createVirtualClock(), random: createSeededRandom(seed), logger: silentLogger })
}

/** Every block of a file as it is stored, against what its root links to. */
async function storedOf (files: Files, store: Store): Promise<{ listed: number, stored: number }> {
  let listed = 0
  for await (const { root } of files.allHeld()) listed += (await listOf(files.blocksOf(root))).length
  return { listed, stored: (await inventory(store)).blocks }
}

describe('adding a file', function () {
  this.timeout(20_000)

  for (const sizeBytes of [0, 10, CHUNK_BYTES, 3 * MIB]) {
    it(`of ${sizeBytes} bytes gives what opens it again, and a root that any IPFS tool reads`, async () => {
      const store = createMemoryStore()
      const files = filesOf(store)
      const content = contentOf(sizeBytes)
      const { file, isMismatch } = await files.add(inPieces(content), { name: 'sea.dat', thumbnail: PNG })
      expect(file).to.include({ name: 'sea.dat', mediaType: 'application/octet-stream', sizeBytes })
      expect(file.thumbnail).to.include({ width: 32, height: 24 })
      expect(isMismatch).to.equal(false)
      expect(file.sha256).to.deep.equal(sha256(content))
      expect(await gather(files.open(file))).to.deep.equal(content)
      const entry = await exporter(file.root, store.blockstore)
      if (entry.type !== 'file' && entry.type !== 'raw') throw new Error('no file')
      expect(await gather(openSealed(entry.content(), file.key))).to.deep.equal(content)
    })
  }

  it('says what it is by its bytes when its author says otherwise', async () => {
    const { file, isMismatch } = await filesOf(createMemoryStore()).add([PNG], { name: 'a.pdf', mediaType: 'application/pdf' })
    expect({ type: file.mediaType, isMismatch }).to.deep.equal({ type: 'image/png', isMismatch: true })
  })

  it('opens any part of it with the blocks of that part alone', async () => {
    const store = createMemoryStore()
    const files = filesOf(store)
    const content = contentOf(2 * MIB)
    const { file } = await files.add([content], { name: 'a' })
    const asked = new Set<string>()
    const counting = filesOf({ ...store, getBlock: async (cid, options) => { asked.add(cid.toString()); return await store.getBlock(cid, options) } })
    for (const [from, to] of [[0, 1], [CHUNK_BYTES - 1, CHUNK_BYTES + 1], [5 * CHUNK_BYTES, 5 * CHUNK_BYTES], [2 * MIB - 3, 2 * MIB], [1000, 600_000]] as const) {
      asked.clear()
      expect(await gather(counting.open(file, { from, to })), `${from} to ${to}`).to.deep.equal(content.slice(from, to))
      expect(asked.size).to.be.at.most(from === to ? 0 : 2 + Math.ceil((to - from) / CHUNK_BYTES) + 1)
    }
    expect((await failureOf(files.open(file, { from: 5, to: 3 * MIB }))).name).to.equal('InvalidArgumentError')
  })

  it('is listed until its action is said to be on the disk', async () => {
    const files = filesOf(createMemoryStore())
    const { add, file } = await files.add([contentOf(10)], { name: 'a' })
    expect((await listOf(files.unannounced())).map(({ state }) => state)).to.deep.equal(['added'])
    await files.announced(add)
    await files.announced(add)
    expect(await listOf(files.unannounced())).to.deep.equal([])
    expect(await files.held(file.root)).to.include({ state: 'whole', sizeBytes: 10 })
  })

  it('leaves nothing once it is discarded, over or not', async () => {
    const store = createMemoryStore()
    const files = filesOf(store)
    const { add } = await files.add([contentOf(MIB)], { name: 'a' })
    await files.discard(add)
    expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
    expect((await failureOf(files.discard(add))).name).to.equal('UnknownAddError')
  })

  it('refuses names and thumbnails that are none, before anything is stored', async () => {
    const store = createMemoryStore()
    const files = filesOf(store)
    expect((await failureOf(files.add([], { name: 'a/b' }))).name).to.equal('InvalidArgumentError')
    expect((await failureOf(files.add([], { name: 'a', thumbnail: contentOf(99) }))).name).to.equal('InvalidThumbnailError')
    expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
  })
})

describe('adding a file that is cut off', function () {
  this.timeout(20_000)

  it('stops at once when it is cancelled, even while its source is silent, and goes on later', async () => {
    const store = createMemoryStore()
    const files = filesOf(store)
    const controller = new AbortController()
    const silent = async function * (): AsyncGenerator<Uint8Array> {
      yield LARGE.subarray(0, 12 * MIB)
      controller.abort(new DOMException('enough', 'AbortError'))
      await new Promise(() => {})
    }
    expect((await failureOf(files.add(silent(), { name: 'a', signal: controller.signal }))).name).to.equal('AbortError')
    const [begun] = await listOf(files.unannounced())
    if (begun?.state !== 'adding') throw new Error('not listed')
    expect(begun.storedBytes).to.be.greaterThan(7 * MIB)
    let written = 0
    const resumed = filesOf({ ...store, commit: async (changes, options) => { written += changes.filter(({ type }) => type === 'block').length; await store.commit(changes, options) } })
    const { file } = await resumed.add(inPieces(LARGE), { name: 'a', resume: begun.add })
    expect(await gather(resumed.open(file))).to.deep.equal(LARGE)
    expect(written).to.equal(Math.ceil(LARGE.byteLength / CHUNK_BYTES) + 1 - 32)
  })

  it('is not discarded or continued by another call while it goes on', async () => {
    const files = filesOf(createMemoryStore())
    const names: string[] = []
    const source = async function * (): AsyncGenerator<Uint8Array> {
      yield LARGE
      const [begun] = await listOf(files.unannounced())
      const add = begun?.add ?? ''
      names.push((await failureOf(files.discard(add))).name, (await failureOf(files.add([LARGE], { name: 'a', resume: add }))).name)
    }
    const { file } = await files.add(source(), { name: 'a' })
    expect(names).to.deep.equal(['FileBusyError', 'FileBusyError'])
    expect((await gather(files.open(file))).byteLength).to.equal(LARGE.byteLength)
  })

  it('refuses to go on with another source, shorter or different, and stores nothing of it', async () => {
    const store = createMemoryStore()
    const files = filesOf(store)
    const broken = async function * (): AsyncGenerator<Uint8Array> {
      yield LARGE.subarray(0, 12 * MIB)
      throw new TypeError('the camera was unplugged')
    }
    expect((await failureOf(files.add(broken(), { name: 'a' }))).name).to.equal('TypeError')
    const before = await inventory(store)
    const [begun] = await listOf(files.unannounced())
    const resume = begun?.add ?? ''
    const altered = LARGE.slice()
    altered[3 * MIB] = 1 + (altered[3 * MIB] ?? 0) & 255
    for (const source of [altered, LARGE.subarray(0, 4 * MIB), LARGE.subarray(0, 2 * CHUNK_BYTES)]) {
      expect((await failureOf(files.add(inPieces(source), { name: 'a', resume }))).name).to.equal('FileChangedError')
    }
    expect(await inventory(store)).to.deep.equal(before)
    await files.discard(resume)
    expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
  })

  for (const fate of FATES) {
    it(`at any write (${fate}) keeps what was acknowledged, lists what is unfinished, and either goes on or leaves nothing`, async () => {
      for (let write = 0; write < 4; write++) {
        const disk = await createCrashStore()
        disk.plan(write, fate)
        let storedBytes = 0
        const error = await failureOf(filesOf(disk.store).add(inPieces(LARGE), { name: 'a', onProgress (progress) { storedBytes = progress.storedBytes } }))
        expect(error.name).to.equal(fate.startsWith('full') ? 'StorageUnavailableError' : 'ProcessDeadError')
        const { store } = await disk.restart()
        const files = filesOf(store, 2)
        const [left] = await listOf(files.unannounced())
        if (left === undefined) {
          expect(write).to.equal(0)
          expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
          continue
        }
        if (left.state === 'adding') expect(left.storedBytes).to.be.at.least(storedBytes)
        const { file } = await files.add(inPieces(LARGE), { name: 'a', resume: left.add })
        expect(sha256(await gather(files.open(file)))).to.deep.equal(sha256(LARGE))
        const { listed, stored } = await storedOf(files, store)
        expect(stored).to.equal(listed)
        await files.discard(left.add)
        expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
      }
    }).timeout(60_000)
  }
})
