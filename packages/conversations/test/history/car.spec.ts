import { CID, RAW, cidOf, createSeededRandom, encodeCanonical, type Store } from '@parley/core'
import { decode } from '@ipld/dag-cbor'
import { CarReader } from '@ipld/car'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { carSourceOf } from '../../src/index.ts'
import { altered, blocksOfCar, bytes16, carOf, createDinner, exchange, say, writeCar } from './support.ts'

describe('exporting a conversation as a CAR', () => {
  it('has the basics and the heads as its roots, and everything that they lead to', async () => {
    const { alice, id } = await createDinner()
    const reader = await CarReader.fromBytes(await carOf(alice, id))
    const state = await (await alice.conversations.open(id)).state()
    expect((await reader.getRoots()).map(String)).to.deep.equal([id, ...state.heads].map(String))
    // A reader that knows DAG-CBOR and nothing of conversations.
    const todo = await reader.getRoots()
    const seen = new Set<string>()
    for (let cid = todo.pop(); cid !== undefined; cid = todo.pop()) {
      if (seen.has(cid.toString())) continue
      seen.add(cid.toString())
      const block = await reader.get(cid)
      const links = (value: unknown): CID[] => CID.asCID(value) !== null ? [value as CID] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(links) : []
      todo.push(...links(decode(block?.bytes ?? new Uint8Array())))
    }
    expect(seen.size).to.equal(6)
    expect(seen).to.include(id.toString())
  })

  it('makes the same bytes wherever the same actions are', async () => {
    const { alice, bob, id } = await createDinner()
    expect(await carOf(alice, id)).to.deep.equal(await carOf(bob, id))
  })

  it('takes attachments along with all that they link to, or leaves them out', async () => {
    const { alice, world, bobby, id } = await createDinner()
    const conversation = await alice.conversations.open(id)
    const pieces = [1, 2, 3].map(value => encodeCanonical({ piece: value }))
    const manifest = encodeCanonical({ segments: pieces.map(bytes => cidOf(bytes)), elsewhere: cidOf(Uint8Array.of(1), RAW) })
    await alice.store.commit([...pieces, manifest].map(bytes => ({ type: 'block', cid: cidOf(bytes), bytes })))
    await conversation.append({ verb: 'add', thing: 'message', message: bytes16(5), attachment: { voice: bytes16(9), key: new Uint8Array(32), codec: 'opus', sampleRateHz: 48_000, channels: 1 } })
    await conversation.append({ verb: 'add', thing: 'attachment', message: bytes16(5), voice: bytes16(9), manifest: cidOf(manifest), durationMs: 3, segments: 3, cutOff: false })
    const withThem = await blocksOfCar(await carOf(alice, id))
    const without = await blocksOfCar(await carOf(alice, id, { attachments: false }))
    expect(withThem.blocks.length - without.blocks.length).to.equal(4)
    const bob = await world.replica(bobby)
    const report = await bob.conversations.history.importCar(carSourceOf(await carOf(alice, id)))
    expect(report).to.include({ stored: 7, attachments: 4 })
    expect(report.report.attachments).to.deep.equal({ linked: 5, present: 4 })
    expect(await bob.store.getBlock(cidOf(manifest))).to.deep.equal(manifest)
    expect(await bob.conversations.history.importCar(carSourceOf(await carOf(alice, id)))).to.include({ stored: 0, known: 7, attachments: 0 })
    const swapped = withThem.blocks.map(block => block.cid.equals(cidOf(manifest)) ? { ...block, bytes: altered(block.bytes) } : block)
    const error = await bob.conversations.history.importCar(carSourceOf(await writeCar(withThem.roots, swapped))).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'UnsoundCarError' })
  })

  it('ends when it is told to', async () => {
    const { alice, id } = await createDinner()
    const reading = alice.conversations.history.exportCar(id, { signal: AbortSignal.abort() })
    const error = await (async () => { for await (const _chunk of reading) continue })().catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'AbortError' })
  })
})

describe('importing a CAR', () => {
  it('brings a conversation, its people and what they said to an empty store', async () => {
    const { alice, bobby, alicia, world, id } = await createDinner()
    const bob = await world.replica(bobby, { without: [alicia] })
    expect(await bob.people.list(alicia.did)).to.equal(undefined)
    const progress: string[] = []
    const report = await bob.conversations.history.importCar(carSourceOf(await carOf(alice, id)), { onProgress: ({ step }) => { progress.push(step) } })
    expect(report).to.include({ stored: 5, known: 0, left: 0 })
    expect(report.conversation.equals(id)).to.equal(true)
    expect(progress).to.include('merging')
    expect(await (await bob.conversations.open(id)).state()).to.deep.equal(await (await alice.conversations.open(id)).state())
  })

  it('changes nothing the second time', async () => {
    const { alice, bobby, world, id } = await createDinner()
    const bob = await world.replica(bobby)
    const car = carSourceOf(await carOf(alice, id))
    await bob.conversations.history.importCar(car)
    const before = await snapshot(bob.store)
    expect(await bob.conversations.history.importCar(car)).to.include({ stored: 0, known: 5, left: 0 })
    expect(await snapshot(bob.store)).to.deep.equal(before)
  })

  it('adds what is new to a conversation that is here', async () => {
    const { alice, bob, world, id } = await createDinner()
    await say(world, alice, id, 6, 'Come over')
    await say(world, bob, id, 7, 'On my way')
    expect(await bob.conversations.history.importCar(carSourceOf(await carOf(alice, id)))).to.include({ stored: 1, known: 5 })
    await exchange(bob, alice, id)
    expect(await (await bob.conversations.open(id)).state()).to.deep.equal(await (await alice.conversations.open(id)).state())
  })

  it('refuses a conversation that is nobody’s here, and takes it where others are served', async () => {
    const { alice, alicia, world, id } = await createDinner()
    const eve = await world.replica(await world.somebody('Eve'))
    const car = carSourceOf(await carOf(alice, id))
    const error = await eve.conversations.history.importCar(car).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'NobodysConversationError' })
    expect(await eve.conversations.holder(id).exists()).to.equal(false)
    const proxy = await world.replica(alicia, { keyless: true })
    expect(await proxy.conversations.history.importCar(car)).to.include({ stored: 5 })
  })

  it('takes nothing of a CAR that breaks off, unless it is asked for what verifies', async () => {
    const { alice, bobby, world, id } = await createDinner()
    const bob = await world.replica(bobby)
    const car = await carOf(alice, id)
    const cut = carSourceOf(car.subarray(0, car.length - 10))
    const error = await bob.conversations.history.importCar(cut).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'DamagedCarError' })
    expect(await bob.conversations.holder(id).exists()).to.equal(false)
    expect(await bob.conversations.history.importCar(cut, { partial: true })).to.include({ stored: 4, left: 0 })
    expect((await bob.conversations.history.verify(id)).ok).to.equal(true)
  })

  it('takes nothing of a CAR in which a byte was changed, unless it is asked for what verifies', async () => {
    const { alice, bobby, world, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const changed = carSourceOf(await writeCar(roots, blocks.map((block, index) => index === blocks.length - 2 ? { ...block, bytes: altered(block.bytes) } : block)))
    const bob = await world.replica(bobby)
    const error = await bob.conversations.history.importCar(changed).catch((cause: unknown) => cause as Error & { faults: unknown[] })
    expect(error).to.include({ name: 'UnsoundCarError' })
    expect('faults' in error ? error.faults : []).to.have.length(1)
    expect(await bob.conversations.history.importCar(changed, { partial: true })).to.include({ stored: 3, left: 2 })
  })

  it('keeps both branches of a fork', async () => {
    const { alice, bobby, world, id } = await createDinner()
    const twin = await world.replica(bobby)
    await exchange(alice, twin, id)
    const other = await world.replica(bobby)
    await exchange(alice, other, id)
    await say(world, twin, id, 6, 'one')
    await say(world, other, id, 7, 'another')
    await exchange(twin, alice, id)
    await exchange(other, alice, id)
    const bob = await world.replica(bobby)
    const { report, stored } = await bob.conversations.history.importCar(carSourceOf(await carOf(alice, id)))
    expect(stored).to.equal(7)
    expect(report.faults.map(({ kind }) => kind)).to.deep.equal(['fork'])
  })

  it('refuses 2,000 damaged files by name, or finds them whole', async function () {
    this.timeout(120_000)
    const { alice, bobby, world, id } = await createDinner()
    const car = await carOf(alice, id)
    const bob = await world.replica(bobby)
    const random = createSeededRandom(5)
    const names = new Set<string>()
    for (let round = 0; round < 2000; round++) {
      const copy = car.slice()
      const [a = 0, b = 0, value = 0] = random(3)
      copy[(a * 256 + b) % copy.length] = (copy[(a * 256 + b) % copy.length] ?? 0) ^ (value === 0 ? 1 : value)
      const outcome = await bob.conversations.history.importCar(carSourceOf(copy)).then(() => 'taken', (error: unknown) => (error as Error).name)
      names.add(outcome)
      if (outcome === 'taken') expect((await bob.conversations.history.verify(id)).ok).to.equal(true)
    }
    expect([...names].every(name => ['DamagedCarError', 'UnsoundCarError', 'NoConversationInCarError', 'taken'].includes(name)), [...names].join()).to.equal(true)
  })

  it('comes to the same log whatever order its blocks have', async () => {
    const { alice, bobby, world, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const state = await (await alice.conversations.open(id)).state()
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(blocks, { minLength: blocks.length }), async shuffled => {
      const bob = await world.replica(bobby)
      await bob.conversations.history.importCar(carSourceOf(await writeCar(roots, shuffled)))
      expect((await (await bob.conversations.open(id)).state()).heads.map(String)).to.deep.equal(state.heads.map(String))
    }), { numRuns: 25 })
  })
})

async function snapshot (store: Store): Promise<Array<[string, number]>> {
  const all: Array<[string, number]> = []
  for await (const { key, value } of store.entries('/')) all.push([key, value.length])
  return all
}
