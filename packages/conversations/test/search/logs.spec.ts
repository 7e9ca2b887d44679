import { createVirtualClock, silentLogger, type CID } from '@parley/core'
import { expect } from 'chai'
import type { Content } from '../../src/index.ts'
import { createSearch, type Search } from '../../src/search/index.ts'
import { createWorld, type Replica, carry } from '../log/world.ts'
import { hitsOf } from './support.ts'

const searchOf = async ({ store, conversations, clock, who }: Replica, { random }: ReturnType<typeof createWorld>): Promise<Search> => {
  return await createSearch({ store, conversations, clock, random, logger: silentLogger, storageKey: who.device.storageKey })
}

const message = (number: number, body: string): Content => {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return { verb: 'add', thing: 'message', message: id, body }
}

describe('searching real logs', () => {
  it('finds what was said here and what came from others, and no home log', async () => {
    const world = createWorld(5)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const [here, there] = [await world.replica(alice), await world.replica(bob)]
    const search = await searchOf(there, world)
    const conversation = await here.conversations.create({ subject: 'Harvest', participants: [bob.did] })
    await conversation.append(message(1, 'the barn is full'))
    await (await there.conversations.home()).put('notes', 'barn', new TextEncoder().encode('barn'))
    await carry(here, there, conversation.id)
    await search.caughtUp()
    const hits = await hitsOf(search, 'barn')
    expect(hits.map(({ conversation: id, subject, author }) => ({ id: id.toString(), subject, author }))).to.deep.equal([{ id: conversation.id.toString(), subject: 'Harvest', author: alice.did }])
    expect((await hitsOf(search, 'Alice')).concat(await hitsOf(search, 'Bob')).length).to.be.greaterThan(0)
    await search.stop()
  })

  it('takes in 10,000 messages, answers at once, and begins again without reading them', async function () {
    this.timeout(60_000)
    const world = createWorld(6)
    const alice = await world.somebody('Alice')
    const here = await world.replica(alice)
    const ids: CID[] = []
    for (let part = 0; part < 5; part++) {
      const conversation = await here.conversations.create({ subject: `part ${part}`, participants: [] })
      ids.push(conversation.id)
      for (let from = 0; from < 2_000; from += 500) await conversation.appendAll(Array.from({ length: 500 }, (_none, index) => message(from + index, `word${(from + index) % 100} unique${part * 2_000 + from + index} common`)))
    }
    const first = await searchOf(here, world)
    const progress: number[] = []
    first.on('progress', ({ done }) => { progress.push(done) })
    await first.caughtUp()
    expect(progress).to.deep.equal([1, 2, 3, 4, 5])
    expect(first.size().documents).to.equal(10_005)
    expect(await hitsOf(first, 'unique7777', { prefix: false })).to.have.length(1)
    expect(await hitsOf(first, 'word42 common')).to.have.length(100)
    expect((await first.find('common').next()).done).to.equal(false)
    await first.stop()
    let opened = 0
    const counting = { ...here.conversations, open: async (id: CID) => { opened++; return await here.conversations.open(id) } }
    const again = await searchOf({ ...here, conversations: counting, clock: createVirtualClock() }, world)
    await again.caughtUp()
    expect(opened).to.equal(0)
    expect(await hitsOf(again, 'unique1234', { prefix: false })).to.have.length(1)
    await (await here.conversations.open(ids[2] ?? ids[0] as CID)).append(message(5_000, 'latecomer'))
    await again.caughtUp()
    expect(opened).to.equal(1)
    expect(await hitsOf(again, 'latecomer')).to.have.length(1)
    await again.stop()
  })
})
