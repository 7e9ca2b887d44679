import { StorageUnavailableError, createSeededRandom, type CID, type Change, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { blocksOf, createWorld, nameOfRejection } from './world.ts'

const message = (value: number) => ({ verb: 'add', thing: 'message', message: Uint8Array.from({ length: 16 }, (_none, index) => index === 0 ? value & 255 : index === 1 ? value >> 8 : 0), body: 'x' }) as const

/** A store whose commits fail as told: before anything is written, or after all of it was. */
function fragile (inner: Store, next: () => 'good' | 'before' | 'after'): Store {
  return {
    ...inner,
    async commit (changes: Change[], options) {
      const fate = next()
      if (fate === 'before') throw new StorageUnavailableError('full', 'test')
      await inner.commit(changes, options)
      if (fate === 'after') throw new StorageUnavailableError('failed', 'test')
    }
  }
}

describe('an author whose process or disk fails at any moment', () => {
  it('never signs two actions for one place that anybody saw', async function () {
    this.timeout(30_000)
    const world = createWorld(6)
    const bobby = await world.somebody('Bob')
    const somebody = await world.somebody('Alice')
    const inner = createMemoryStore()
    const random = createSeededRandom(21)
    let isGood = true
    const store = fragile(inner, () => {
      const [dice = 0] = random(1)
      return isGood || dice > 90 ? 'good' : dice > 45 ? 'before' : 'after'
    })
    let alice = await world.replica(somebody, { store })
    const id: CID = (await alice.conversations.create({ subject: '', participants: [bobby.did] })).id
    isGood = false
    const published = new Map<number, string>()
    const watch = (): void => { alice.conversations.on('action', ({ action }) => { record(action.seq, action.cid) }) }
    const record = (seq: number, cid: CID): void => {
      expect(published.get(seq) ?? cid.toString()).to.equal(cid.toString())
      published.set(seq, cid.toString())
    }
    watch()
    let failures = 0
    for (let value = 0; value < 200; value++) {
      try {
        const action = await (await alice.conversations.open(id)).append(message(value))
        record(action.seq, action.cid)
      } catch (error) {
        expect((error as Error).name).to.equal('StorageUnavailableError')
        failures++
      }
      for (const { seq, cid } of await alice.conversations.holder(id).frontier()) record(seq, cid)
      if (value % 7 === 0) {
        // A process that is killed has no last words: another one begins with what the disk holds.
        isGood = true
        alice = await world.replica(somebody, { store })
        isGood = false
        watch()
      }
    }
    expect(failures).to.be.above(20)
    isGood = true
    const state = await (await alice.conversations.open(id)).state()
    expect(state.forked).to.deep.equal([])
    expect(state.unreadable).to.equal(0)
    const blocks = await blocksOf(alice, id)
    const fresh = await world.replica(bobby)
    const outcome = await fresh.conversations.merge(id, blocks)
    expect(outcome.outcomes.every(result => result.ok)).to.equal(true)
    for (const { seq, cid } of outcome.stored) if (published.has(seq)) expect(published.get(seq)).to.equal(cid.toString())
    expect([...published.keys()].every(seq => seq < outcome.stored.length)).to.equal(true)
  })

  it('may merge again what a full disk refused', async () => {
    const world = createWorld(7)
    const bobby = await world.somebody('Bob')
    const alice = await world.replica(await world.somebody('Alice'))
    const here = await alice.conversations.create({ subject: '', participants: [bobby.did] })
    await world.introduce(alice)
    for (let value = 0; value < 5; value++) await here.append(message(value))
    let isFull = false
    const bob = await world.replica(bobby, { store: fragile(createMemoryStore(), () => isFull ? 'before' : 'good') })
    isFull = true
    const blocks = await blocksOf(alice, here.id)
    expect(await nameOfRejection(bob.conversations.merge(here.id, blocks))).to.equal('StorageUnavailableError')
    expect(await bob.conversations.holder(here.id).exists()).to.equal(false)
    isFull = false
    expect((await bob.conversations.merge(here.id, blocks)).stored).to.have.length(7)
    isFull = true
    await here.append(message(9))
    const [last = new Uint8Array()] = (await blocksOf(alice, here.id)).slice(-1)
    expect(await nameOfRejection(bob.conversations.merge(here.id, [last]))).to.equal('StorageUnavailableError')
    expect(await bob.conversations.holder(here.id).frontier()).to.have.nested.property('[0].seq', 6)
    isFull = false
    expect((await bob.conversations.merge(here.id, [last])).stored).to.have.length(1)
  })
})
