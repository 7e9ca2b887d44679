import type { CID, Store } from '@parley/core'
import { expect } from 'chai'
import { createWorld, introduce, until, type Person, type World } from './world.ts'

const CONVERSATIONS = 1000
const PAGES = '/conversations/pages/'

/** Counts the logs that are read of a store, until its process is dead. */
function counting (): { wrap(store: Store): Store, logs: Set<string>, kill(): void } {
  const logs = new Set<string>()
  let isDead = false
  const note = (key: string): void => {
    if (isDead) throw new RangeError('the process is dead')
    if (key.startsWith(PAGES)) logs.add(key.slice(PAGES.length).split('/')[0] ?? '')
  }
  return {
    logs,
    kill () { isDead = true },
    wrap: store => ({
      ...store,
      async commit (changes, options) {
        note('')
        await store.commit(changes, options)
      },
      async get (key, options) {
        note(key)
        return await store.get(key, options)
      },
      async getBlock (cid, options) {
        note('')
        return await store.getBlock(cid, options)
      },
      async * entries (prefix, options) {
        note(prefix)
        yield * store.entries(prefix, options)
      }
    })
  }
}

describe('a device with a thousand conversations', function () {
  this.timeout(120_000)
  let world: World
  let alice: Person
  const ids: CID[] = []

  before(async () => {
    world = createWorld()
    alice = await world.person('Alice')
    const { parley } = alice.first
    for (let index = 0; index < CONVERSATIONS; index++) {
      const { id } = await parley.conversations.create({ subject: `Subject ${index}`, participants: [] })
      ids.push(id)
    }
    await parley.list.settled()
    await parley.search.caughtUp()
    await alice.first.stop()
  })
  after(async () => { await world.stop() })

  it('starts, lists and searches without reading any of their logs', async () => {
    const { wrap, logs } = counting()
    const parley = await alice.first.start({}, wrap)
    await parley.list.settled()
    await parley.search.caughtUp()
    expect(parley.list.page({ limit: 2000 }).entries).to.have.length(CONVERSATIONS)
    const isHome = (name: string): boolean => name === parley.home.id.toString()
    expect([...logs].filter(name => !isHome(name))).to.deep.equal([])
    await alice.first.stop()
  })

  it('reads those alone that grew in a process that was killed', async () => {
    const killed = counting()
    const before = await alice.first.start({}, killed.wrap)
    const grown = ids[500]
    if (grown === undefined) throw new RangeError('there are a thousand')
    await (await before.conversations.open(grown)).say({ body: 'on the disk, and no more' })
    killed.kill()
    await alice.first.stop().catch(() => {})

    const { wrap, logs } = counting()
    const parley = await alice.first.start({}, wrap)
    await parley.list.settled()
    await parley.search.caughtUp()
    expect([...logs].filter(name => name !== parley.home.id.toString())).to.deep.equal([grown.toString()])
    expect(parley.list.page({ limit: 1 }).entries[0]?.preview?.text).to.equal('on the disk, and no more')
    await alice.first.stop()
  })
})

describe('what people were told of', function () {
  this.timeout(20_000)
  let world: World
  let alice: Person
  let bob: Person

  beforeEach(async () => {
    world = createWorld()
    alice = await world.person('Alice')
    bob = await world.person('Bob')
    await introduce(alice, bob)
  })
  afterEach(async () => { await world.stop() })

  it('is not told again by the next process, and what is new is', async () => {
    const conversation = await alice.first.parley.conversations.create({ subject: '', participants: [bob.signer.did] }, { durable: true })
    const speak = async (seed: number): Promise<void> => {
      await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(seed), attachment: { voice: new Uint8Array(16).fill(seed), key: new Uint8Array(32).fill(seed), codec: 'opus', sampleRateHz: 48_000, channels: 1 } }, { durable: true })
      await alice.first.parley.sync()
    }
    const told: string[] = []
    const listen = (): void => { bob.first.parley.on('message', ({ message }) => { told.push(message.slice(0, 2)) }) }
    listen()
    await speak(1)
    await until(() => told.length === 1)
    await bob.first.stop()
    await bob.first.start()
    listen()
    await speak(2)
    await until(() => told.length > 1)
    expect(told).to.deep.equal(['01', '02'])
  })
})
