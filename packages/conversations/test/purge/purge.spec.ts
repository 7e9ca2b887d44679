import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { cidOf, silentLogger, type CID, type Store } from '@parley/core'
import { createSearch } from '../../src/index.ts'
import { fileBlocks } from '../../src/files/held-blocks.ts'
import { until, vaulted } from '../home/support.ts'
import { openListed } from '../list/support.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Somebody, type World } from '../log/world.ts'
import { attach, cidsOf, deviceOf, fileOf, heldOf, keysWith, type Device } from './support.ts'

interface Scene { world: World, store: Store, alice: Device, bob: Somebody, id: CID }

/** Alice's device with a conversation of some messages. */
async function scene (): Promise<Scene> {
  const world = createWorld(5)
  const [somebody, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
  const store = createMemoryStore()
  const alice = await deviceOf(world, somebody, store)
  const { id } = await alice.conversations.create({ subject: 'Boats', participants: [bob.did] })
  const conversation = await alice.conversations.open(id)
  await conversation.appendAll(Array.from({ length: 5 }, () => ({ verb: 'add', thing: 'message', message: new Uint8Array(world.random(16)), body: 'Port!' } as const)))
  return { world, store, alice, bob, id }
}

async function expire ({ world, alice, id }: Scene): Promise<void> {
  await (await alice.conversations.open(id)).append({ verb: 'modify', thing: 'expiry', expiresAt: Math.floor(world.clock.now()) + 1000, follows: null })
  await world.clock.advance(2000)
}

describe('a conversation that is purged', () => {
  it('is refused by name while it has not expired', async () => {
    const { alice, id } = await scene()
    const error = await alice.conversations.purge(id).catch((error: unknown) => error)
    expect(error).to.deep.include({ name: 'NotExpiredError', expiresAt: null })
    expect((await (await alice.conversations.open(id)).state()).messages).to.have.length(5)
  })

  it('is gone with its blocks, pages, states and marks once it has expired', async () => {
    const it = await scene()
    const { alice, store, id, world } = it
    await vaulted({ store, clock: world.clock })
    await expire(it)
    const cids = await cidsOf(alice, id)
    const told: string[] = []
    alice.conversations.on('purged', ({ conversation }) => { told.push(conversation.toString()) })
    await alice.conversations.purge(id)
    expect(told).to.deep.equal([id.toString()])
    expect(await nameOfRejection(alice.conversations.open(id))).to.equal('UnknownConversationError')
    expect(await keysWith(store, id)).to.deep.equal([])
    expect(await heldOf(store, cids)).to.equal(0)
    expect(alice.conversations.purged().map(({ state }) => state)).to.deep.equal(['purged'])
  })

  it('goes with `anyway` too, and a home log never', async () => {
    const { alice, id } = await scene()
    await alice.conversations.purge(id, { anyway: true })
    expect(alice.conversations.isPurged(id)).to.equal(true)
    const home = await alice.conversations.home()
    await home.put('things', 'one', new Uint8Array([1]))
    expect(await nameOfRejection(alice.conversations.purge(home.id, { anyway: true }))).to.equal('InvalidArgumentError')
    expect(await nameOfRejection(alice.conversations.purge(cidOf(new Uint8Array([1])), { anyway: true }))).to.equal('UnknownConversationError')
  })

  it('does not come back by a merge, nor by being made again', async () => {
    const { alice, id } = await scene()
    const blocks = await blocksOf(alice, id)
    await alice.conversations.purge(id, { anyway: true })
    const { outcomes, stored } = await alice.conversations.merge(id, blocks)
    expect(stored).to.have.length(0)
    expect(new Set(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name))).to.deep.equal(new Set(['PurgedConversationError']))
    const again = { subject: 'Sails', participants: [], salt: new Uint8Array(16), time: 7 }
    const other = await alice.conversations.create(again)
    await alice.conversations.purge(other.id, { anyway: true })
    expect(await nameOfRejection(alice.conversations.create(again))).to.equal('PurgedConversationError')
  })

  it('comes back whole once the purge is forgotten, though a process starts in between', async () => {
    const { world, alice, store, id, bob } = await scene()
    const bobs = await world.replica(bob)
    await carry(alice, bobs, id)
    await alice.conversations.purge(id, { anyway: true })
    await alice.conversations.stop()
    const later = await deviceOf(world, alice.who, store)
    await carry(bobs, later, id)
    expect(await later.conversations.holder(id).exists()).to.equal(false)
    await later.conversations.forgetPurge(id)
    await carry(bobs, later, id)
    expect((await (await later.conversations.open(id)).state()).messages).to.have.length(5)
    expect(later.conversations.purged()).to.deep.equal([])
  })

  it('takes its files along, but not those that another conversation has too', async () => {
    const { world, alice, store, id, bob } = await scene()
    const other = await alice.conversations.create({ subject: 'Sails', participants: [bob.did] })
    const [own, shared] = [await fileOf(alice, 300_000), await fileOf(alice, 500_000)]
    await attach(world, alice, id, own)
    await attach(world, alice, id, shared)
    await attach(world, alice, other.id, shared)
    await alice.conversations.purge(id, { anyway: true })
    expect(await alice.files.held(own.file.root)).to.equal(undefined)
    expect(await heldOf(store, [own.file.root])).to.equal(0)
    expect(await alice.files.held(shared.file.root)).to.include({ state: 'whole' })
    expect((await (await alice.conversations.open(other.id)).state()).messages[0]?.attachments).to.have.length(1)
  })

  it('leaves no block out that a file needs', async () => {
    const { alice, store, id } = await scene()
    const { file } = await fileOf(alice, 300_000)
    const needed = await fileBlocks(store)
    expect(needed(file.root)).to.equal(true)
    expect(needed(id)).to.equal(false)
  })

  it('is tried again when a file of it was in use', async () => {
    const { world, alice, id } = await scene()
    const { file, ...rest } = await fileOf(alice, 300_000)
    await attach(world, alice, id, { file, ...rest })
    const release = alice.files.use(file.root)
    expect(await nameOfRejection(alice.conversations.purge(id, { anyway: true }))).to.equal('FileBusyError')
    expect(alice.conversations.purged().map(({ state }) => state)).to.deep.equal(['purging'])
    expect(await alice.conversations.holder(id).exists()).to.equal(false)
    release()
    await world.clock.advance(30_000)
    await until(() => alice.conversations.purged()[0]?.state === 'purged')
    expect(await alice.files.held(file.root)).to.equal(undefined)
  })

  it('leaves the list and the search index', async () => {
    const world = createWorld(6)
    const [somebody, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const { replica, list, disk } = await openListed(world, somebody)
    await world.introduce(replica)
    const search = await createSearch({ store: disk, conversations: replica.conversations, clock: world.clock, random: world.random, logger: silentLogger, storageKey: somebody.device.storageKey })
    const ids: CID[] = []
    for (const subject of ['Boats', 'Sails']) ids.push((await replica.conversations.create({ subject, participants: [bob.did] })).id)
    await list.settled()
    await search.caughtUp()
    const [id] = ids
    if (id === undefined) throw new Error('no conversation was made')
    const removed: string[] = []
    list.on('removed', event => { removed.push(event.id.toString()) })
    await replica.conversations.purge(id, { anyway: true })
    await list.settled()
    await search.caughtUp()
    expect(removed).to.deep.equal([id.toString()])
    expect(list.page().entries.map(({ subject }) => subject)).to.deep.equal(['Sails'])
    const hits: unknown[] = []
    for await (const hit of search.find('boats')) hits.push(hit)
    expect(hits).to.deep.equal([])
    expect(await keysWith(disk, id)).to.deep.equal([])
    await search.stop()
    await list.stop()
    expect((await openListed(world, somebody, disk)).list.page().entries.map(({ subject }) => subject)).to.deep.equal(['Sails'])
  })
})

describe('a conversation that is purged everywhere', () => {
  async function twoDevices () {
    const world = createWorld(8)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const tablet = await world.device(alice)
    const phone = await deviceOf(world, alice, createMemoryStore())
    const other = await deviceOf(world, tablet, createMemoryStore())
    await world.introduce(phone)
    const { id } = await phone.conversations.create({ subject: 'Boats', participants: [bob.did] })
    await carry(phone, other, id)
    const home = await phone.conversations.home()
    await home.put('things', 'one', new Uint8Array([1]))
    await carry(phone, other, home.id)
    return { world, phone, other, id, home: home.id, bob }
  }

  it('goes on the person’s other device when the home log comes, and comes back when it is forgotten', async () => {
    const { phone, other, id, home, bob } = await twoDevices()
    await phone.conversations.purge(id, { anyway: true, everywhere: true })
    await carry(phone, other, home)
    await until(() => other.conversations.purged()[0]?.state === 'purged')
    expect(await keysWith(other.store, id)).to.deep.equal([])
    expect(other.conversations.isPurged(id, [bob.did])).to.equal(true)
    await other.conversations.forgetPurge(id)
    await carry(other, phone, home)
    await until(() => !phone.conversations.isPurged(id))
  })

  it('goes on a device that got the home log and died before it did what that says', async () => {
    const { world, phone, other, id, home } = await twoDevices()
    await phone.conversations.purge(id, { anyway: true, everywhere: true })
    const blocks = await blocksOf(phone, home)
    // What was merged is told of a turn later, when nobody is there any more.
    const merged = other.conversations.merge(home, blocks, { durable: true })
    const stopped = merged.then(async () => { await other.conversations.stop() })
    await stopped
    const again = await deviceOf(world, other.who, other.store)
    await until(() => again.conversations.purged()[0]?.state === 'purged')
    expect(await again.conversations.holder(id).exists()).to.equal(false)
  })

  it('is refused where nobody is at home', async () => {
    const { world, id, phone } = await twoDevices()
    const proxy = await world.replica(await world.somebody('Proxy'), { keyless: true })
    await world.introduce(proxy)
    await carry(phone, proxy, id)
    expect(await nameOfRejection(proxy.conversations.purge(id))).to.equal('NotExpiredError')
    expect(await nameOfRejection(proxy.conversations.purge(id, { anyway: true, everywhere: true }))).to.equal('KeylessHolderError')
    await proxy.conversations.purge(id, { anyway: true })
    expect(proxy.conversations.isPurged(id, [phone.who.did])).to.equal(true)
  })
})
