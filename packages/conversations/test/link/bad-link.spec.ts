import { createEmitter, silentLogger, type CID } from '@parley/core'
import { expect } from 'chai'
import { createWindows, type FileFields, type SyncEvents } from '../../src/index.ts'
import { driven } from '../files/samples.ts'
import type { Somebody } from '../log/world.ts'
import { logOf } from '../sync/peers.ts'
import { createBadLink } from './bad-link.ts'
import { bring, bringFiles, createLine, talk, type Brought, type Line, type Node } from './scenario.ts'

/** A telephone at the edge of a cell: 64 kB/s, 300 ms, and a break every few frames. */
const EDGE = { latencyMs: 300, bytesPerSecond: 64_000, framesBetweenCuts: 5 }
/** Batches that may be under way when a link breaks. */
const WINDOW = 8

function expectFrugal ({ progress, repeated, cuts, largestBatch }: Brought): void {
  expect(progress).to.deep.equal([...progress].sort((a, b) => a - b))
  expect(repeated).to.be.at.most(cuts * WINDOW * largestBatch)
}

describe('a telephone on a bad link', function () {
  this.timeout(120_000)

  let line: Line
  let laptop: Node
  let phone: Node
  let proxy: Node
  let id: CID
  let files: FileFields[]
  let carol: Somebody

  beforeEach(async () => {
    line = createLine(71)
    const alice = await line.world.somebody('Alice')
    const other = await line.world.device(alice)
    carol = await line.world.somebody('Carol', { expires: Math.floor(line.world.clock.now()) + 10 * 86_400_000 })
    const keeper = await line.world.device(alice, ['proxy'])
    laptop = await line.node({ ...alice })
    phone = await line.node(other)
    proxy = await line.node(keeper, { serves: [alice.did] })
    for (const node of [laptop, phone, proxy]) await line.world.introduce(node)
    id = (await laptop.conversations.create({ subject: 'Long', participants: [carol.did] })).id
    files = await talk(line, laptop, id, { actions: 3000, attachments: 20 })
    await laptop.sync.sync(id, proxy.target)
  })
  afterEach(async () => { await line.stop() })

  it('reads the newest part first, then gets the log in many tries, then the files', async () => {
    const link = createBadLink({ ...EDGE, random: line.world.random })
    const windows = await createWindows({ network: link.over(phone.network), conversations: phone.conversations, people: phone.people, device: phone.who.device, person: phone.who.did, logger: silentLogger, clock: line.world.clock })
    let shown = 0
    for (let tries = 0; shown === 0 && tries < 50; tries++) {
      shown = await windows.window(id, laptop.target, { count: 30 }).then(({ actions }) => actions.filter(({ content }) => content !== undefined).length, () => 0)
    }
    expect(shown).to.equal(30)
    expect(await phone.conversations.holder(id).exists()).to.equal(false)
    await windows.stop()

    const progress = createEmitter<SyncEvents>(silentLogger)
    let fetching: ReturnType<typeof bringFiles> | undefined
    const fetchedMeanwhile: number[] = []
    for (const file of files) expect(await phone.files.held(file.root)).to.equal(undefined)
    const brought = await bring(line, phone, proxy.target, id, EDGE, {
      link,
      onProgress (told) {
        fetching ??= bringFiles(line, phone, laptop.target, files, { link, sync: progress })
        progress.emit('progress', told)
        fetchedMeanwhile.push(fetching.fetched())
      }
    })
    expect(brought.tries).to.be.above(1)
    expectFrugal(brought)
    // Words first: no file came while batches came.
    expect(Math.max(...fetchedMeanwhile)).to.equal(0)
    await driven(line.world.clock, fetching?.done ?? Promise.resolve())
    for (const file of files) expect(await phone.files.held(file.root)).to.include({ state: 'whole' })
    expect(await logOf(phone, id)).to.deep.equal(await logOf(laptop, id))
    expect(await (await phone.conversations.open(id)).state()).to.deep.equal(await (await laptop.conversations.open(id)).state())
  })

  it('ends equal with its laptop over a proxy, when both write and each try breaks', async () => {
    await bring(line, phone, proxy.target, id, EDGE)
    for (let round = 0; round < 3; round++) {
      await talk(line, phone, id, { actions: 150 })
      await talk(line, laptop, id, { actions: 150 })
      for (const node of [phone, laptop]) expectFrugal(await bring(line, node, proxy.target, id, { ...EDGE, framesBetweenCuts: 4 }))
    }
    await bring(line, phone, proxy.target, id, EDGE)
    for (const node of [phone, proxy]) expect(await logOf(node, id)).to.deep.equal(await logOf(laptop, id))
    expect((await (await phone.conversations.open(id)).state()).messages).to.deep.equal((await (await laptop.conversations.open(id)).state()).messages)
  })

  it('comes back after months, in which a device expired, another was added and keys changed', async () => {
    await bring(line, phone, proxy.target, id, EDGE)
    const carols = await line.node(carol)
    for (const node of [laptop, proxy, carols]) await line.world.introduce(node)
    await laptop.sync.sync(id, carols.target)
    await talk(line, carols, id, { actions: 200 })
    await laptop.sync.sync(id, carols.target)
    await line.world.clock.advance(120 * 86_400_000)
    // Her device expired: the next action begins a new epoch, whose key it does not get.
    await talk(line, laptop, id, { actions: 200 })
    await laptop.sync.sync(id, proxy.target)
    for (const node of [phone, proxy]) await line.world.introduce(node)
    expectFrugal(await bring(line, phone, proxy.target, id, EDGE))
    expect(await logOf(phone, id)).to.deep.equal(await logOf(laptop, id))
    const state = await (await phone.conversations.open(id)).state()
    expect(state.unreadable).to.equal(0)
    expect(state.messages).to.deep.equal((await (await laptop.conversations.open(id)).state()).messages)
  })
})
