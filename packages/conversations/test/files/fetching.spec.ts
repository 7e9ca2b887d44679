import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { cidOf, createEmitter, createSeededRandom, createVirtualClock, encodeCanonical, RAW, silentLogger, type Store, type VirtualClock } from '@parley/core'
import { createMemoryStore, type Network, type PeerTarget } from '@parley/network'
import { expect } from 'chai'
import type { SyncEvents } from '../../src/sync/index.ts'
import { DAG_PB } from '../../src/files/limits.ts'
import { createFiles, createYielding, type Files, type FilesInit } from '../../src/files/index.ts'
import { contentOf, driven, failureOf, gather, inPieces, inventory, listOf } from './samples.ts'

const CONTENT = contentOf(3_000_000)

interface Node { network: Network, store: Store, files: Files, target: PeerTarget }

describe('fetching a file', function () {
  this.timeout(20_000)

  let networks: MemoryNetworks
  let clock: VirtualClock
  let seed = 0

  async function node (init: FilesInit = {}, wrap: (network: Network) => Network = network => network): Promise<Node> {
    const store = createMemoryStore()
    const network = await networks.join(new Uint8Array(32).fill(++seed), { store })
    const files = createFiles({ store, network: wrap(network), clock, random: createSeededRandom(seed), logger: silentLogger }, init)
    return { network, store, files, target: { peer: network.peerId, addresses: network.addresses() } }
  }

  beforeEach(() => {
    networks = createMemoryNetworks()
    clock = createVirtualClock()
  })
  afterEach(async () => { await networks.stop() })

  it('brings all of it, says how far it came, and does not ask again', async () => {
    const [alice, bob] = [await node(), await node()]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    const done: number[] = []
    await bob.files.fetch(file, { peers: [alice.target], onProgress ({ doneBytes }) { done.push(doneBytes) } })
    expect(done).to.have.length(12).and.satisfy((list: number[]) => list.at(-1) === CONTENT.byteLength)
    await alice.network.stop()
    await bob.files.fetch(file, { peers: [alice.target] })
    expect(await gather(bob.files.open(file))).to.deep.equal(CONTENT)
    expect(await bob.files.held(file.root)).to.include({ state: 'whole' })
  })

  it('opens it while it comes, and a part of it with few blocks', async () => {
    const [alice, bob] = [await node(), await node({ window: 2 })]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    expect(await gather(bob.files.open(file, { peers: [alice.target], from: 1_000_000, to: 1_000_010 }))).to.deep.equal(CONTENT.slice(1_000_000, 1_000_010))
    expect((await inventory(bob.store)).blocks).to.equal(2)
    expect(await bob.files.held(file.root)).to.include({ state: 'partial' })
    expect(await gather(bob.files.open(file, { peers: [alice.target] }))).to.deep.equal(CONTENT)
    expect(await bob.files.held(file.root)).to.include({ state: 'whole' })
  })

  it('goes on where it was cancelled', async () => {
    const [alice, bob] = [await node(), await node({ window: 1 })]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    const controller = new AbortController()
    const cancelled = bob.files.fetch(file, { peers: [alice.target], signal: controller.signal, onProgress ({ doneBytes }) { if (doneBytes > 1_000_000) controller.abort(new DOMException('later', 'AbortError')) } })
    expect((await failureOf(cancelled)).name).to.equal('AbortError')
    let asked = 0
    const counting = createFiles({
      store: bob.store,
      network: { blocks: { get: async (cid, options) => { asked++; return await bob.network.blocks.get(cid, options) } } },
      clock, random: createSeededRandom(1), logger: silentLogger
    })
    await counting.fetch(file, { peers: [alice.target] })
    expect(asked).to.be.at.most(8)
    expect(await gather(counting.open(file))).to.deep.equal(CONTENT)
  })

  it('takes blocks from several peers of whom each has some, and tries again when one comes back', async () => {
    const [alice, carol, dave] = [await node(), await node(), await node()]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    for (const [index, cid] of (await listOf(alice.files.blocksOf(file.root))).entries()) {
      const bytes = await alice.store.getBlock(cid)
      if (bytes !== undefined) await (index % 2 === 0 ? carol : dave).store.commit([{ type: 'block', cid, bytes }])
    }
    const bob = await node()
    networks.cut(bob.network.peerId, dave.network.peerId)
    const fetching = bob.files.fetch(file, { peers: [carol.target, dave.target] })
    fetching.catch(() => {})
    await clock.advance(400)
    expect(await bob.files.held(file.root)).to.include({ state: 'partial' })
    networks.heal(bob.network.peerId, dave.network.peerId)
    await driven(clock, fetching)
    expect(await gather(bob.files.open(file))).to.deep.equal(CONTENT)
  })

  it('is called unavailable by name when nobody has it, and what came stays', async () => {
    const [alice, bob] = [await node(), await node({ window: 1, attempts: 3 })]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    const blocks = await listOf(alice.files.blocksOf(file.root))
    const lost = blocks[4]
    if (lost !== undefined) await alice.store.blockstore.delete(lost)
    expect((await failureOf(driven(clock, bob.files.fetch(file, { peers: [alice.target] })))).name).to.equal('FileUnavailableError')
    expect((await inventory(bob.store)).blocks).to.equal(4)
    expect((await failureOf(bob.files.open(file))).name).to.equal('FileUnavailableError')
    await bob.files.remove(file.root)
    expect(await inventory(bob.store)).to.deep.equal({ blocks: 0, keys: [] })
  })

  it('brings all of it to a holder without the key', async () => {
    const [alice, proxy] = [await node(), await node()]
    const { file } = await alice.files.add(inPieces(CONTENT), { name: 'a' })
    await proxy.files.hold({ root: file.root, sizeBytes: file.sizeBytes }, { peers: [alice.target], by: 'did:key:z6Mk' })
    expect(await proxy.files.held(file.root)).to.include({ state: 'whole', by: 'did:key:z6Mk' })
    expect((await listOf(proxy.files.blocksOf(file.root))).length).to.equal((await inventory(proxy.store)).blocks)
  })

  it('waits while words are synchronised, and comes through in the end', async () => {
    const events = createEmitter<SyncEvents>(silentLogger)
    const { ready, stop } = createYielding({ sync: events, clock })
    let isReady = false
    const tell = (): void => { events.emit('progress', {} as SyncEvents['progress']) }
    tell()
    const waiting = ready().then(() => { isReady = true })
    await clock.advance(90)
    tell()
    await clock.advance(90)
    expect(isReady).to.equal(false)
    await clock.advance(20)
    await waiting
    expect(isReady).to.equal(true)
    let settled = false
    const busy = ready().then(() => { settled = true })
    for (let ms = 0; ms < 2_000; ms += 50) {
      tell()
      await clock.advance(50)
    }
    await busy
    expect(settled).to.equal(true)
    stop()
  })
})

describe('a file that is not what was announced', function () {
  this.timeout(20_000)

  let networks: MemoryNetworks
  let store: Store
  let files: Files
  let mallory: Store
  let peers: PeerTarget[]

  beforeEach(async () => {
    networks = createMemoryNetworks()
    store = createMemoryStore()
    mallory = createMemoryStore()
    const theirs = await networks.join(new Uint8Array(32).fill(2), { store: mallory })
    const network = await networks.join(new Uint8Array(32).fill(1), { store })
    peers = [{ peer: theirs.peerId, addresses: theirs.addresses() }]
    files = createFiles({ store, network, clock: createVirtualClock(), random: createSeededRandom(1), logger: silentLogger })
  })
  afterEach(async () => { await networks.stop() })

  async function serve (bytes: Uint8Array, code: number) {
    const cid = cidOf(bytes, code)
    await mallory.commit([{ type: 'block', cid, bytes }])
    return cid
  }
  const announce = { key: new Uint8Array(32), sha256: new Uint8Array(32) }

  it('is refused by name when its root is a huge or deep one, and nothing of it is kept', async () => {
    const leaf = await serve(contentOf(200_000), RAW)
    const roots = [
      await serve(contentOf(1_000_000), DAG_PB),
      await serve(Uint8Array.from([0x12, 36, 0x0a, 36, ...leaf.bytes]), DAG_PB),
      await serve(new Uint8Array(0), DAG_PB)
    ]
    for (const root of roots) {
      for (const sizeBytes of [300_000, 2 ** 33]) {
        expect(await failureOf(files.fetch({ ...announce, root, sizeBytes }, { peers }))).to.include({ name: 'DamagedFileError', reason: 'misshapen' })
        expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
      }
    }
  })

  it('is refused by name before anything is asked for when the size does not fit the root', async () => {
    const root = await serve(contentOf(16), RAW)
    for (const sizeBytes of [300_000, 2 ** 40]) {
      expect(await failureOf(files.fetch({ ...announce, root, sizeBytes }, { peers }))).to.include({ name: 'DamagedFileError', reason: 'misshapen' })
      expect(await failureOf(files.hold({ root, sizeBytes }, { peers }))).to.include({ name: 'DamagedFileError', reason: 'misshapen' })
    }
    expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
  })

  it('is refused by name with another key, another size or another hash, and nothing of it is kept', async () => {
    const theirs = createFiles({ store: mallory, clock: createVirtualClock(), random: createSeededRandom(5), logger: silentLogger })
    const { file } = await theirs.add([contentOf(600_000)], { name: 'a' })
    const wrong = [[{ key: announce.key }, 'altered'], [{ sizeBytes: 599_999 }, 'misshapen'], [{ sha256: announce.sha256 }, 'other-content']] as const
    for (const [change, reason] of wrong) {
      expect(await failureOf(files.fetch({ ...file, ...change }, { peers }))).to.include({ name: 'DamagedFileError', reason })
      expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
    }
  })

  it('does not take with it a file that is here, when it names the same blocks', async () => {
    const theirs = createFiles({ store: mallory, clock: createVirtualClock(), random: createSeededRandom(5), logger: silentLogger })
    const { file } = await theirs.add([contentOf(600_000)], { name: 'a' })
    await files.fetch(file, { peers })
    expect((await failureOf(files.open({ ...file, key: announce.key }, { peers }))).name).to.equal('DamagedFileError')
    expect((await failureOf(files.open({ ...file, sizeBytes: 500_000 }, { peers }))).name).to.equal('DamagedFileError')
    expect((await gather(files.open(file))).byteLength).to.equal(600_000)
  })

  it('does not take an action with it that it names as its block', async () => {
    const action = encodeCanonical([{ v: 1, body: contentOf(100) }, contentOf(64)])
    await store.commit([{ type: 'block', cid: cidOf(action), bytes: action }])
    const root = cidOf(action, RAW)
    expect((await failureOf(files.fetch({ ...announce, root, sizeBytes: action.byteLength - 16 }, { peers }))).name).to.equal('DamagedFileError')
    expect(await store.getBlock(cidOf(action))).to.deep.equal(action)
  })

  it('leaves the blocks that another file here has too', async () => {
    const theirs = createFiles({ store: mallory, clock: createVirtualClock(), random: createSeededRandom(5), logger: silentLogger })
    const { file } = await theirs.add([contentOf(200_000)], { name: 'a' })
    const { file: large } = await theirs.add([contentOf(600_000)], { name: 'b' })
    await files.fetch(file, { peers })
    await files.fetch(large, { peers })
    const [, leaf] = await listOf(files.blocksOf(large.root))
    // A leaf of the large file, announced as a file of its own.
    if (leaf !== undefined) expect((await failureOf(files.fetch({ ...large, root: leaf, sizeBytes: 262_128 }, { peers }))).name).to.equal('DamagedFileError')
    await files.remove(file.root)
    expect((await gather(files.open(large))).byteLength).to.equal(600_000)
  })

  it('is not removed while it is being read', async () => {
    const theirs = createFiles({ store: mallory, clock: createVirtualClock(), random: createSeededRandom(5), logger: silentLogger })
    const { file } = await theirs.add([contentOf(600_000)], { name: 'a' })
    const reading = files.open(file, { peers })
    await reading.next()
    expect((await failureOf(files.remove(file.root))).name).to.equal('FileBusyError')
    await reading.return(undefined)
    await files.remove(file.root)
    expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
  })
})
