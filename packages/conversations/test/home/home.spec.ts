import { StorageUnavailableError, createSeededRandom, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { homeOf, type RecordChange } from '../../src/index.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type Somebody, type World } from '../log/world.ts'
import { bytes, collectionOf, idsOf, text, until } from './support.ts'

/** A store that counts the blocks read from it, and whose commits of index entries fail as told. */
function watched (inner: Store): Store & { reads: number, failIndex: boolean } {
  const store = Object.assign(Object.create(inner) as Store, {
    reads: 0,
    failIndex: false,
    async getBlock (...args: Parameters<Store['getBlock']>) {
      store.reads++
      return await inner.getBlock(...args)
    },
    async commit (...[changes, options]: Parameters<Store['commit']>) {
      if (store.failIndex && changes.some(change => change.type === 'put' && change.key.startsWith('/home/'))) throw new StorageUnavailableError('failed', 'test')
      await inner.commit(changes, options)
    }
  })
  return store
}

describe('what a person keeps for themselves', () => {
  let world: World
  let alice: Somebody
  let phone: Replica

  beforeEach(async () => {
    world = createWorld(3)
    alice = await world.somebody('Alice')
    phone = await world.replica(alice)
  })

  it('is in a log whose id follows from the device list', async () => {
    const home = await phone.conversations.home()
    const list = await phone.people.list(alice.did)
    if (list === undefined) return expect.fail('there is no list')
    expect(home.id.toString()).to.equal(homeOf(list).id.toString())
    expect(homeOf({ ...list, created: list.created + 1 }).id.toString()).not.to.equal(home.id.toString())
    expect(await idsOf(phone.conversations, true)).to.deep.equal([])
    await home.put('contacts', 'bob', bytes('Bob'))
    expect(await idsOf(phone.conversations, true)).to.deep.equal([home.id.toString()])
  })

  it('is put, replaced, listed and deleted', async () => {
    const home = await phone.conversations.home()
    await home.put('contacts', 'bob', bytes('Bob'))
    await home.putAll([{ collection: 'contacts', key: 'carol', value: bytes('Carol') }, { collection: 'profile', key: 'name', value: bytes('Alice') }])
    await home.put('contacts', 'bob', bytes('Bobby'))
    expect(await collectionOf(home, 'contacts')).to.deep.equal({ bob: 'Bobby', carol: 'Carol' })
    await home.put('contacts', 'bob', undefined)
    expect(await home.get('contacts', 'bob')).to.equal(undefined)
    expect(await collectionOf(home, 'contacts')).to.deep.equal({ carol: 'Carol' })
    expect(text(await home.get('profile', 'name'))).to.equal('Alice')
    expect(await home.get('profile', 'none')).to.equal(undefined)
  })

  it('is listed by the first part of its keys', async () => {
    const home = await phone.conversations.home()
    await home.putAll(['a', 'a/1', 'a/2/x', 'b/1', 'ab/1'].map(key => ({ collection: 'things', key, value: bytes(key) })))
    const keys: string[] = []
    for await (const { key } of home.list('things', { within: 'a' })) keys.push(key)
    expect(keys.sort()).to.deep.equal(['a', 'a/1', 'a/2/x'])
  })

  it('is told of when it changes, once it can be read', async () => {
    const home = await phone.conversations.home()
    const told: RecordChange[] = []
    home.on('changed', change => { told.push(change) })
    await home.put('profile', 'name', bytes('Alice'))
    await home.put('profile', 'name', bytes('Alice'))
    await home.put('profile', 'name', undefined)
    expect(told.map(({ value, local }) => [text(value), local])).to.deep.equal([['Alice', true], [undefined, true]])
  })

  it('is no conversation to people, but one to replicate', async () => {
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice'))
    expect(await idsOf(phone.conversations)).to.deep.equal([])
    expect(await phone.conversations.findWith([])).to.equal(undefined)
    expect(await idsOf(phone.conversations, true)).to.deep.equal([home.id.toString()])
    expect(await (await phone.conversations.open(home.id)).access()).to.deep.equal([alice.did])
  })

  it('may be 48 KiB a record, and thousands of records at once', async function () {
    this.timeout(20_000)
    const home = await phone.conversations.home()
    await home.put('large', 'one', new Uint8Array(48 * 1024).fill(7))
    expect((await home.get('large', 'one'))?.byteLength).to.equal(48 * 1024)
    await home.putAll(Array.from({ length: 3000 }, (_none, number) => ({ collection: 'many', key: `record ${number}`, value: bytes(String(number)) })))
    expect(Object.keys(await collectionOf(home, 'many'))).to.have.length(3000)
    const blocks = await blocksOf(phone, home.id)
    expect(blocks.length).to.be.below(12)
    expect(blocks.every(block => block.byteLength <= 65_536)).to.equal(true)
  })

  for (const [what, record] of Object.entries({
    'with a larger value': { collection: 'a', key: 'k', value: new Uint8Array(48 * 1024 + 1) },
    'of no collection': { collection: 'No Word', key: 'k', value: bytes('x') },
    'without a key': { collection: 'a', key: '', value: bytes('x') },
    'with a longer key': { collection: 'a', key: 'k'.repeat(257), value: bytes('x') }
  })) {
    it(`is refused ${what}`, async () => {
      const home = await phone.conversations.home()
      expect(await nameOfRejection(home.putAll([record]))).to.equal('InvalidArgumentError')
    })
  }

  it('is refused twice in one go', async () => {
    const home = await phone.conversations.home()
    const record = { collection: 'a', key: 'k', value: bytes('x') }
    expect(await nameOfRejection(home.putAll([record, record]))).to.equal('InvalidArgumentError')
  })

  it('is for people with a device of their own', async () => {
    const proxy = await world.replica(alice, { keyless: true })
    expect(await nameOfRejection(proxy.conversations.home())).to.equal('KeylessHolderError')
    const stranger = await world.replica(alice, { without: [alice] })
    expect(await nameOfRejection(stranger.conversations.home())).to.equal('UnknownPersonError')
    const listener = await world.replica(await world.device(alice, ['listener']))
    expect(await nameOfRejection((await listener.conversations.home()).put('a', 'k', bytes('x')))).to.equal('ForbiddenByRoleError')
  })
})

describe('a home that two devices write', () => {
  it('begins on both at once and becomes one', async () => {
    const world = createWorld(4)
    const alice = await world.somebody('Alice')
    const tablet = await world.device(alice)
    const [a, b] = [await world.replica(alice), await world.replica(tablet)]
    const [home, other] = [await a.conversations.home(), await b.conversations.home()]
    await home.put('contacts', 'bob', bytes('Bob'))
    await world.clock.advance(5)
    await other.put('contacts', 'carol', bytes('Carol'))
    await carry(a, b, home.id)
    await carry(b, a, home.id)
    const both = { bob: 'Bob', carol: 'Carol' }
    expect([await collectionOf(home, 'contacts'), await collectionOf(other, 'contacts')]).to.deep.equal([both, both])
    await home.put('contacts', 'dan', bytes('Dan'))
    await carry(a, b, home.id)
    expect(await collectionOf(other, 'contacts')).to.deep.equal({ ...both, dan: 'Dan' })
  })

  it('is told of what the other put', async () => {
    const world = createWorld(4)
    const alice = await world.somebody('Alice')
    const tablet = await world.device(alice)
    const [a, b] = [await world.replica(alice), await world.replica(tablet)]
    const [home, other] = [await a.conversations.home(), await b.conversations.home()]
    await home.put('contacts', 'bob', bytes('Bob'))
    const told: RecordChange[] = []
    other.on('changed', change => { told.push(change) })
    await carry(a, b, home.id)
    await until(() => told.length > 0)
    expect(told.map(({ collection, key, value, local }) => [collection, key, text(value), local])).to.deep.equal([['contacts', 'bob', 'Bob', false]])
  })

  it('ends with the same records everywhere, in whatever order its actions come', async function () {
    this.timeout(60_000)
    const world = createWorld(5)
    const alice = await world.somebody('Alice')
    const [tablet, desk] = [await world.device(alice), await world.device(alice)]
    const writers = await Promise.all([alice, tablet, desk].map(async who => await world.replica(who)))
    const id = (await writers[0]?.conversations.home())?.id
    if (id === undefined) return
    const random = createSeededRandom(9)
    for (let step = 0; step < 60; step++) {
      const [who = 0, key = 0, drop = 0, meet = 0] = random(4)
      const writer = writers[who % 3]
      const other = writers[(who + 1) % 3]
      if (writer === undefined || other === undefined) continue
      const home = await writer.conversations.home()
      await home.put('contacts', `k${key % 5}`, drop % 4 === 0 ? undefined : bytes(`${step}`))
      // Most of the time the clock stands still, so that only counters and hashes decide.
      if (meet % 3 === 0) await world.clock.advance(1)
      if (meet % 5 === 0) await carry(writer, other, id)
    }
    for (const from of [...writers, ...writers]) {
      for (const to of writers) if (from !== to) await carry(from, to, id)
    }
    const expected = await Promise.all(writers.map(async ({ conversations }) => await collectionOf(await conversations.home(), 'contacts')))
    expect(expected[1]).to.deep.equal(expected[0])
    expect(expected[2]).to.deep.equal(expected[0])
    const [basics = new Uint8Array(), ...blocks] = await blocksOf(writers[0] as Replica, id)
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(blocks, { minLength: blocks.length }), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 4, maxLength: 30 }), async (order, sizes) => {
      const fresh = await world.replica(tablet)
      const home = await fresh.conversations.home()
      let at = 0
      for (const size of sizes) {
        await fresh.conversations.merge(id, [basics, ...order.slice(at, at + size)])
        // Read in between, so that what comes later meets what is applied already.
        await home.get('contacts', 'k0')
        at += size
      }
      await fresh.conversations.merge(id, [basics, ...order.slice(at)])
      expect(await collectionOf(home, 'contacts')).to.deep.equal(expected[0])
    }), { numRuns: 25 })
  })
})

describe('the index of a home', () => {
  const fill = async (replica: Replica, count: number): Promise<void> => {
    const home = await replica.conversations.home()
    for (let number = 0; number < count; number++) await home.put('contacts', `c${number % 40}`, bytes(`value ${number}`))
  }

  it('is there after a restart without the log being read again', async () => {
    const world = createWorld(6)
    const alice = await world.somebody('Alice')
    const store = watched(createMemoryStore())
    const before = await world.replica(alice, { store })
    await fill(before, 300)
    const expected = await collectionOf(await before.conversations.home(), 'contacts')
    await before.conversations.stop()
    store.reads = 0
    const after = await world.replica(alice, { store })
    const home = await after.conversations.home()
    expect(await collectionOf(home, 'contacts')).to.deep.equal(expected)
    await home.put('contacts', 'c1', bytes('new'))
    // The basics, and the action just written.
    expect(store.reads).to.be.at.most(2)
  })

  it('gets what a kill between the two commits left out', async () => {
    const world = createWorld(7)
    const alice = await world.somebody('Alice')
    const store = watched(createMemoryStore())
    const before = await world.replica(alice, { store })
    await fill(before, 10)
    store.failIndex = true
    const home = await before.conversations.home()
    expect(await nameOfRejection(home.put('contacts', 'c1', bytes('late')))).to.equal('StorageUnavailableError')
    store.failIndex = false
    const after = await world.replica(alice, { store })
    expect(text(await (await after.conversations.home()).get('contacts', 'c1'))).to.equal('late')
    // The same in the process that saw it fail.
    expect(text(await home.get('contacts', 'c1'))).to.equal('late')
  })

  it('is made anew when the disk lost what it was made of', async () => {
    const world = createWorld(8)
    const alice = await world.somebody('Alice')
    const tablet = await world.device(alice)
    const [a, b] = [await world.replica(alice), await world.replica(tablet)]
    const home = await a.conversations.home()
    await fill(a, 20)
    await carry(a, b, home.id)
    await (await b.conversations.home()).put('contacts', 'lost', bytes('lost'))
    // A store that has the index of the last action, and not the action.
    const fresh = await world.replica(tablet)
    await carry(a, fresh, home.id)
    await (await fresh.conversations.home()).get('contacts', 'lost')
    for await (const { key, value } of b.store.entries('/home/')) await fresh.store.commit([{ type: 'put', key, value }])
    await fresh.conversations.stop()
    const again = await (await world.replica(tablet, { store: fresh.store })).conversations.home()
    expect(await again.get('contacts', 'lost')).to.equal(undefined)
    expect(await collectionOf(again, 'contacts')).to.deep.equal(await collectionOf(home, 'contacts'))
  })

  it('is made anew when it is damaged', async () => {
    const world = createWorld(10)
    const alice = await world.somebody('Alice')
    for (const part of ['state', 'records/']) {
      const before = await world.replica(alice)
      await fill(before, 20)
      const home = await before.conversations.home()
      const expected = await collectionOf(home, 'contacts')
      await before.conversations.stop()
      for await (const { key, value } of before.store.entries(`/home/${home.id.toString()}/${part}`)) await before.store.commit([{ type: 'put', key, value: value.map(byte => byte ^ 1) }])
      const first = await world.replica(alice, { store: before.store })
      // A damaged record is missed until the next process reads the log anew.
      expect(await collectionOf(await first.conversations.home(), 'contacts')).to.deep.equal(part === 'state' ? expected : {})
      await first.conversations.stop()
      const second = await world.replica(alice, { store: before.store })
      expect(await collectionOf(await second.conversations.home(), 'contacts')).to.deep.equal(expected)
    }
  })

  it('shows nobody who has the disk alone a name or a value', async () => {
    const world = createWorld(9)
    const alice = await world.somebody('Alice')
    const phone = await world.replica(alice)
    await (await phone.conversations.home()).put('contacts', 'secret name', bytes('secret value'))
    const everything: string[] = []
    for await (const { key, value } of phone.store.entries('/')) everything.push(key, Buffer.from(value).toString('latin1'))
    for (const block of await blocksOf(phone, (await phone.conversations.home()).id)) everything.push(Buffer.from(block).toString('latin1'))
    expect(everything.join('\n')).not.to.match(/secret|contacts/)
  })
})
