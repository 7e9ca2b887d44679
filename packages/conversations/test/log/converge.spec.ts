import { compareTimes, type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { equals, compare } from 'uint8arrays'
import { parseAction } from '../../src/format/parse-action.ts'
import { LINK_BYTES } from '../../src/format/cbor-reader.ts'
import type { Conversation, DecodedAction } from '../../src/index.ts'
import { blocksOf, carry, createWorld, type Replica, type Somebody, type World } from './world.ts'

const message = (value: number) => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(value), body: `message ${value}` }) as const

/** Three people write, meeting now and then, so that the log has branches, removals and key epochs. */
async function writeTogether (world: World): Promise<{ id: CID, reader: Somebody, blocks: Uint8Array[], final: Replica }> {
  const [bobby, carol] = [await world.somebody('Bob'), await world.somebody('Carol')]
  const tablet = await world.device(bobby)
  const alice = await world.replica(await world.somebody('Alice'))
  const id = (await alice.conversations.create({ subject: 'Together', participants: [bobby.did] })).id
  await world.introduce(alice)
  const writers = [alice, await world.replica(bobby), await world.replica(tablet)]
  for (const writer of writers.slice(1)) await carry(alice, writer, id)
  let value = 0
  for (let round = 0; round < 6; round++) {
    for (const [index, writer] of writers.entries()) {
      const here = await writer.conversations.open(id)
      await world.clock.advance(3)
      await here.append(message(value++))
      if (round > 1) await here.append({ verb: 'played', thing: 'message', message: new Uint8Array(16).fill(value - 1), positionMs: round * 10 + index, done: index === 1 })
    }
    if (round === 2) await (await alice.conversations.open(id)).append({ verb: 'add', thing: 'participant', person: publicKeyFromDid(carol.did), permission: 'read', history: 'all' })
    const [from, to] = [writers[round % 3], writers[(round + 1) % 3]]
    if (from !== undefined && to !== undefined) await carry(from, to, id)
  }
  for (const writer of [...writers, ...writers]) {
    for (const other of writers) if (other !== writer) await carry(writer, other, id)
  }
  return { id, reader: tablet, blocks: await blocksOf(alice, id), final: alice }
}

async function everyAction (conversation: Conversation): Promise<DecodedAction[]> {
  const actions: DecodedAction[] = []
  for await (const action of conversation.actions()) actions.push(action)
  return actions
}

/** The order rule as it is written down: take, again and again, the earliest of those whose parents were all taken. */
function slowOrder (actions: DecodedAction[]): string[] {
  const names = new Map(actions.map(action => [Buffer.from(action.cid.multihash.digest).toString('hex'), action]))
  const parentsOf = (action: DecodedAction): string[] => {
    const { bytes, prevAt, headsAt, headCount } = parseAction(action.bytes)
    const places = [...prevAt < 0 ? [] : [prevAt], ...Array.from({ length: headCount }, (_none, index) => headsAt + index * LINK_BYTES)]
    return places.map(at => Buffer.from(bytes.slice(at, at + 32)).toString('hex'))
  }
  const taken: string[] = []
  while (taken.length < actions.length) {
    const ready = [...names].filter(([name, action]) => !taken.includes(name) && parentsOf(action).every(parent => taken.includes(parent)))
    ready.sort(([, a], [, b]) => compareTimes(a.time, b.time) || compare(a.cid.bytes, b.cid.bytes))
    taken.push(ready[0]?.[0] ?? '')
  }
  return taken
}

describe('replicas that hold the same actions', () => {
  it('show the same, however the actions came', async function () {
    this.timeout(120_000)
    const world = createWorld(3)
    const { id, reader, blocks, final } = await writeTogether(world)
    const [basics = new Uint8Array(), ...actions] = blocks
    const expected = await (await final.conversations.open(id)).state()
    expect(expected.messages).to.have.length(18)
    expect(expected.unreadable).to.equal(0)
    await fc.assert(fc.asyncProperty(
      fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 40 }), fc.boolean(),
      async (numbers, batch, lossPercent, readsBetween) => {
        const next = (below: number): number => (numbers.next().value ?? 0) % below
        const replica = await world.replica(reader)
        await replica.conversations.merge(id, [basics])
        const shuffled = [...actions, ...actions.filter(() => next(4) === 0)].map(bytes => ({ bytes, at: next(1_000_000) })).sort((a, b) => a.at - b.at).map(({ bytes }) => bytes)
        const arrived = shuffled.filter(() => next(100) >= lossPercent)
        for (let from = 0; from < arrived.length; from += batch) {
          await replica.conversations.merge(id, arrived.slice(from, from + batch))
          if (readsBetween) await (await replica.conversations.open(id)).state()
        }
        // What was lost comes again.
        await carry(final, replica, id)
        const here = await replica.conversations.open(id)
        expect(await here.state()).to.deep.equal(expected)
        expect(await final.conversations.holder(id).covers(await replica.conversations.holder(id).frontier())).to.equal(true)
        expect((await blocksOf(replica, id)).length).to.equal(blocks.length)
      }
    ), { numRuns: 25 })
  })

  it('order them as the plain rule says', async function () {
    this.timeout(20_000)
    const world = createWorld(4)
    const { id, final } = await writeTogether(world)
    const actions = await everyAction(await final.conversations.open(id))
    expect(actions.map(({ cid }) => Buffer.from(cid.multihash.digest).toString('hex'))).to.deep.equal(slowOrder(actions))
  })

  it('stream causally whatever the receiver has', async function () {
    this.timeout(20_000)
    const world = createWorld(5)
    const { id, reader, blocks, final } = await writeTogether(world)
    for (const have of [1, 5, 12, 30]) {
      const replica = await world.replica(reader)
      await replica.conversations.merge(id, blocks.slice(0, have))
      for await (const batch of final.conversations.holder(id).since(await replica.conversations.holder(id).frontier(), { maxBytes: 2000 })) {
        const outcome = await replica.conversations.merge(id, batch)
        expect(outcome.outcomes.every(result => result.ok)).to.equal(true)
      }
      const again = await blocksOf(replica, id)
      expect(again.length).to.equal(blocks.length)
      expect(equals(again[0] ?? new Uint8Array(), blocks[0] ?? new Uint8Array())).to.equal(true)
    }
  })
})
