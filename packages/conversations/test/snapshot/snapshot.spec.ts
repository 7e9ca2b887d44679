import { createSeededRandom, type CID, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import type { ConversationState } from '../../src/index.ts'
import { blocksOf, carry, createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

/** A store that counts the blocks that are read from it. */
function counting (inner: Store): { store: Store, reads: () => number } {
  let reads = 0
  const store: Store = {
    ...inner,
    async getBlock (...args) {
      reads++
      return await inner.getBlock(...args)
    }
  }
  return { store, reads: () => reads }
}

/** Says, edits, reacts to, deletes and locks things at random. */
async function live (world: World, { conversations }: Replica, id: CID, count: number, seed: number): Promise<void> {
  const random = createSeededRandom(seed)
  const there = await conversations.open(id)
  for (let round = 0; round < count; round++) {
    await world.clock.advance(50)
    const [dice = 0, which = 0] = random(2)
    const { messages } = await there.state()
    const own = messages.filter(({ deleted }) => deleted === undefined)
    const message = own[which % Math.max(1, own.length)]
    if (message === undefined || dice < 150) await there.say({ body: `number ${round}`, ...(dice < 20 ? { format: 'markdown' as const } : {}) })
    else if (dice < 180) await there.edit(message.id, { body: `edited ${round}` }).catch(() => {})
    else if (dice < 200) await there.react(message.id, '👍')
    else if (dice < 210) await there.erase(message.id).catch(() => {})
    else if (dice < 220) await there.lock(message.id).catch(() => {})
    else if (dice < 230) await there.label(`label ${which % 5}`)
    else if (dice < 240) await there.rename(`subject ${round}`)
    else await there.addExtra({ kind: 'location', text: 'here', data: { latitude: 1.5, longitude: 2 } })
  }
}

/** A process that starts with this store, and stops again. */
async function reopened (world: World, who: Somebody, store: Store, id: CID): Promise<{ state: ConversationState, reads: number }> {
  const counted = counting(store)
  const replica = await world.replica(who, { store: counted.store })
  const state = await (await replica.conversations.open(id)).state()
  const reads = counted.reads()
  await replica.conversations.stop()
  return { state, reads }
}

/** What the log alone amounts to: a process that never saw it reads all of it. */
async function plain (world: World, who: Somebody, from: Replica, id: CID): Promise<ConversationState> {
  const replica = await world.replica(who, { store: createMemoryStore() })
  await replica.conversations.merge(id, await blocksOf(from, id))
  return await (await replica.conversations.open(id)).state()
}

describe('a conversation that was read before', () => {
  async function story (seed: number, count: number): Promise<{ world: World, alice: Somebody, bob: Replica, store: Store, replica: Replica, id: CID }> {
    const world = createWorld(seed)
    const other = await world.somebody('Bob')
    const alice = await world.somebody('Alice')
    const store = createMemoryStore()
    const replica = await world.replica(alice, { store })
    const bob = await world.replica(other)
    const { id } = await replica.conversations.create({ subject: 'Long', participants: [other.did] })
    await live(world, replica, id, count, seed)
    return { world, alice, bob, store, replica, id }
  }

  it('opens with what is new, and is the same', async function () {
    this.timeout(30_000)
    const { world, alice, store, replica, id } = await story(81, 400)
    const before = await (await replica.conversations.open(id)).state()
    await replica.conversations.stop()
    const { state, reads } = await reopened(world, alice, store, id)
    expect(state).to.deep.equal(before)
    expect(reads).to.be.below(100)
    expect(state).to.deep.equal(await plain(world, alice, await world.replica(alice, { store }), id))
  })

  it('takes in what came before its end, from wherever it belongs', async function () {
    this.timeout(60_000)
    const { world, alice, bob, store, replica, id } = await story(82, 200)
    await carry(replica, bob, id)
    // Bob is not on line and writes; Alice goes on and stops.
    await live(world, bob, id, 30, 83)
    await live(world, replica, id, 300, 84)
    await replica.conversations.stop()
    const again = await world.replica(alice, { store })
    const mine = await (await again.conversations.open(id)).state()
    await carry(bob, again, id)
    const state = await (await again.conversations.open(id)).state()
    expect(state.messages.length).to.be.above(mine.messages.length)
    expect(state).to.deep.equal(await plain(world, alice, again, id))
    await again.conversations.stop()
    expect((await reopened(world, alice, store, id)).state).to.deep.equal(state)
  })

  it('yields every action, also those of which only the outcome was kept', async function () {
    this.timeout(30_000)
    const { world, alice, store, replica, id } = await story(85, 300)
    await replica.conversations.stop()
    const again = await world.replica(alice, { store })
    const conversation = await again.conversations.open(id)
    await conversation.state()
    let count = 0
    for await (const { content } of conversation.actions()) {
      expect(content).to.not.equal(undefined)
      count++
    }
    expect(count).to.equal(302)
  })

  it('is written on with the keys and the people that it had', async function () {
    this.timeout(30_000)
    const { world, alice, bob, store, replica, id } = await story(86, 300)
    await carry(replica, bob, id)
    await replica.conversations.stop()
    const again = await world.replica(alice, { store })
    const action = await (await again.conversations.open(id)).say({ body: 'after the restart' })
    // Nobody is given keys a second time.
    expect(action.bytes.length).to.be.below(1000)
    await carry(again, bob, id)
    expect((await (await bob.conversations.open(id)).state()).messages.at(-1)?.body).to.equal('after the restart')
  })

  it('is read from its log where what was kept is damaged, of another device, or older than the log', async function () {
    this.timeout(60_000)
    const { world, alice, store, replica, id } = await story(87, 300)
    const before = await (await replica.conversations.open(id)).state()
    await replica.conversations.stop()
    for await (const { key, value } of store.entries('/conversations/snapshots/')) {
      await store.commit([{ type: 'put', key, value: value.with(value.length >> 1, (value[value.length >> 1] ?? 0) ^ 1) }])
    }
    const { state, reads } = await reopened(world, alice, store, id)
    expect(state).to.deep.equal(before)
    expect(reads).to.be.above(300)
  })

  it('keeps nothing readable on the disk', async function () {
    this.timeout(30_000)
    const { store, replica, id } = await story(88, 300)
    await (await replica.conversations.open(id)).say({ body: 'sparrows at midnight' })
    await replica.conversations.stop()
    let found = 0
    for await (const { value } of store.entries('/conversations/snapshots/')) {
      found++
      expect(Buffer.from(value).includes('number')).to.equal(false)
      expect(Buffer.from(value).includes(id.toString())).to.equal(false)
    }
    expect(found).to.be.above(0)
  })

  it('has few pages, however often it was appended to', async function () {
    this.timeout(30_000)
    const { store, replica } = await story(89, 300)
    const pages = async (): Promise<number> => {
      let count = 0
      for await (const _entry of store.entries('/conversations/pages/')) count++
      return count
    }
    expect(await pages()).to.be.above(200)
    await replica.conversations.stop()
    expect(await pages()).to.be.below(100)
  })
})
