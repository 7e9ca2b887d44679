import { StorageUnavailableError, type Change } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { createGrowthMarks } from '../../src/index.ts'
import { createCrashStore } from '../kill/crash-store.ts'
import { carry, createWorld } from '../log/world.ts'
import { message } from '../private/support.ts'
import { allOf, copyOf, gist, openListed } from './support.ts'

describe('a list whose process was killed', () => {
  it('is there again without a log being opened', async () => {
    const world = createWorld(3)
    const alice = await world.somebody('Alice')
    const before = await openListed(world, alice)
    for (let number = 0; number < 20; number++) {
      const { id } = await before.replica.conversations.create({ subject: `${number}`, participants: [] })
      await (await before.replica.conversations.open(id)).append(message(`said ${number}`))
    }
    await before.list.settled()
    const disk = await copyOf(before.disk)
    let pages = 0
    const watched = { ...disk, entries: (...args: Parameters<typeof disk.entries>) => {
      if (args[0].startsWith('/conversations/pages/')) pages++
      return disk.entries(...args)
    } }
    const after = await openListed(world, alice, watched)
    expect(allOf(after.list).map(gist)).to.deep.equal(allOf(before.list).map(gist))
    await after.list.settled()
    // The home log's, for the marks.
    expect(pages).to.be.at.most(1)
  })

  it('is the same again, whichever write was the last', async function () {
    this.timeout(60_000)
    const world = createWorld(4)
    const alice = await world.somebody('Alice')
    const bob = await world.replica(await world.somebody('Bob'))
    for (let write = 0, isDone = false; !isDone; write++) {
      const disk = await createCrashStore()
      disk.plan(write, write % 2 === 0 ? 'killed-after' : 'killed-before')
      try {
        const phone = await openListed(world, alice, disk.store)
        await world.introduce(phone.replica)
        const dinner = await phone.replica.conversations.create({ subject: 'Dinner', participants: [bob.who.did] })
        await carry(phone.replica, bob, dinner.id)
        const bobs = await bob.conversations.open(dinner.id)
        for (const body of ['one', 'two', 'three']) {
          await bobs.append(message(body))
          await carry(bob, phone.replica, dinner.id)
          if (body === 'two') await phone.privateState.set(dinner.id, { favourite: true })
        }
        await phone.list.settled()
        isDone = !disk.isDead
      } catch (error) {
        if (!disk.isDead) throw error
      }
      const again = await openListed(world, alice, (await disk.restart()).store)
      await again.list.settled()
      for (const entry of allOf(again.list)) {
        const state = await (await again.replica.conversations.open(entry.id)).state()
        expect(entry.unread).to.equal(state.messages.filter(({ author }) => author !== alice.did).length)
        expect(entry.head?.toString()).to.equal(state.heads.at(-1)?.toString())
        expect(entry.subject).to.equal(state.subject)
      }
      const ids: string[] = []
      for await (const id of again.replica.conversations.ids()) ids.push(id.toString())
      expect(allOf(again.list).map(({ id }) => id.toString())).to.have.members(ids)
    }
  })

  it('makes anew what is damaged', async () => {
    const world = createWorld(5)
    const alice = await world.somebody('Alice')
    const before = await openListed(world, alice)
    await before.replica.conversations.create({ subject: 'Dinner', participants: [] })
    await before.list.settled()
    const disk = await copyOf(before.disk)
    for await (const { key, value } of disk.entries('/list/entries/')) await disk.commit([{ type: 'put', key, value: value.map(byte => byte ^ 1) }])
    const after = await openListed(world, alice, disk)
    await after.list.settled()
    expect(allOf(after.list).map(gist)).to.deep.equal(allOf(before.list).map(gist))
  })

  it('takes in what was there before there was a list', async () => {
    const world = createWorld(6)
    const alice = await world.somebody('Alice')
    const plain = await world.replica(alice)
    await plain.conversations.create({ subject: 'Dinner', participants: [] })
    const { list } = await openListed(world, alice, plain.store)
    await list.settled()
    expect(allOf(list).map(({ subject }) => subject)).to.deep.equal(['Dinner'])
  })

  it('goes on taking that in when it was stopped meanwhile', async () => {
    const world = createWorld(8)
    const alice = await world.somebody('Alice')
    const plain = await world.replica(alice)
    for (const subject of ['Dinner', 'Boats', 'Cards']) await plain.conversations.create({ subject, participants: [] })
    await (await openListed(world, alice, plain.store)).list.stop()
    const { list } = await openListed(world, alice, plain.store)
    await list.settled()
    expect(allOf(list).map(({ subject }) => subject)).to.have.members(['Dinner', 'Boats', 'Cards'])
  })

  it('goes on when the disk was full for a while', async () => {
    const world = createWorld(9)
    const alice = await world.somebody('Alice')
    const inner = createMemoryStore()
    let isFull = false
    const { list, replica } = await openListed(world, alice, { ...inner, async commit (changes: Change[]) {
      if (isFull && changes.some(change => change.type === 'put' && change.key.startsWith('/list/entries/'))) throw new StorageUnavailableError('full', 'a test')
      await inner.commit(changes)
    } })
    const dinner = await replica.conversations.create({ subject: 'Dinner', participants: [] })
    await list.settled()
    isFull = true
    await dinner.append(message('while it was full'))
    await list.settled()
    isFull = false
    await dinner.append(message('afterwards'))
    await list.settled()
    expect(list.get(dinner.id)?.preview?.text).to.equal('afterwards')
    const again = await openListed(world, alice, await copyOf(inner))
    expect(allOf(again.list).map(gist)).to.deep.equal(allOf(list).map(gist))
  })
})

describe('a conversation whose write failed though it was done', () => {
  it('is read again with the next action', async () => {
    const world = createWorld(7)
    const alice = await world.somebody('Alice')
    const inner = createMemoryStore()
    let isLying = false
    const disk = { ...inner, async commit (changes: Change[]) {
      await inner.commit(changes)
      if (isLying && changes.some(({ type }) => type === 'block')) throw new Error('the disk says no')
    } }
    const { list, replica } = await openListed(world, alice, disk)
    const dinner = await replica.conversations.create({ subject: 'Dinner', participants: [] })
    await list.settled()
    isLying = true
    await dinner.append(message('stored, and nobody knows')).catch(() => {})
    isLying = false
    await dinner.append({ verb: 'add', thing: 'message', message: world.random(16), body: 'later' })
    await list.settled()
    const marks: string[] = []
    for await (const { key } of inner.entries('/list/behind/')) marks.push(key)
    const home = await replica.conversations.home()
    expect(marks.filter(key => !key.endsWith(home.id.toString()))).to.deep.equal([])
    let rows = 0
    for await (const _action of dinner.actions()) rows++
    expect(rows).to.equal(3)
    expect(list.get(dinner.id)?.preview?.text).to.equal('later')
  })
})

describe('marks of conversations that grew', () => {
  const page = (rows: number): Change => ({ type: 'put', key: '/conversations/pages/c/000000000000', value: Uint8Array.from([0xa1, 0x64, ...Buffer.from('rows'), 0x58, rows * 64, ...new Uint8Array(rows * 64)]) })

  it('go when the list covers all rows, and stay when it does not', async () => {
    const growth = createGrowthMarks(createMemoryStore())
    await growth.store.commit([page(2)])
    expect(growth.rows('c')).to.equal(2)
    await growth.commit('c', 1, [])
    expect([...await growth.marked()]).to.deep.equal([['c', 2]])
    await growth.commit('c', 2, [])
    expect([...await growth.marked()]).to.deep.equal([])
  })

  it('stay when a log grows while the list is written', async () => {
    const inner = createMemoryStore()
    let release = (): void => {}
    const held = new Promise<void>(resolve => { release = resolve })
    const growth = createGrowthMarks({ ...inner, async commit (changes) {
      if (changes.some(change => change.type === 'delete')) await held
      await inner.commit(changes)
    } })
    await growth.store.commit([page(1)])
    const listed = growth.commit('c', 1, [])
    const grown = growth.store.commit([page(2)])
    release()
    await Promise.all([listed, grown])
    expect([...await growth.marked()]).to.deep.equal([['c', 2]])
  })
})
