import { type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import type { Conversation } from '../../src/index.ts'
import { carry, createWorld, type Replica, type World } from '../log/world.ts'
import { vaulted } from '../home/support.ts'
import { meet, meetAtHome, message, newestOf } from '../private/support.ts'
import { allOf, copyOf, openListed, type Listed } from './support.ts'

interface Scene { world: World, phone: Listed, bob: Replica, dinner: Conversation, bobs: Conversation }

async function scene (seed = 1): Promise<Scene> {
  const world = createWorld(seed)
  const [alice, bob] = [await world.somebody('Alice'), await world.replica(await world.somebody('Bob'))]
  const phone = await openListed(world, alice)
  await world.introduce(phone.replica)
  const dinner = await phone.replica.conversations.create({ subject: 'Dinner', participants: [bob.who.did] })
  await carry(phone.replica, bob, dinner.id)
  await vaulted(phone.replica)
  await phone.list.settled()
  return { world, phone, bob, dinner, bobs: await bob.conversations.open(dinner.id) }
}

async function hear ({ world, phone, bob, bobs }: Scene, ...bodies: string[]): Promise<void> {
  await world.clock.advance(1000)
  if (bodies.length > 0) await bobs.appendAll(bodies.map(message))
  await carry(bob, phone.replica, bobs.id)
  await phone.list.settled()
}

describe('the list of conversations', () => {
  it('shows who is in it, what was said last and how much is unread', async () => {
    const it = await scene()
    await hear(it, 'Are you\n hungry?', 'I am.')
    const [entry] = it.phone.list.page().entries
    expect(entry).to.deep.include({ subject: 'Dinner', creator: it.phone.replica.who.did, unread: 2, isUnread: true, isArchived: false, isFavourite: false, mutedUntil: undefined, unreadable: 0, status: 'active' })
    expect(entry?.participants.map(({ did }) => did)).to.have.members([it.phone.replica.who.did, it.bob.who.did])
    expect(entry?.preview).to.deep.include({ author: it.bob.who.did, text: 'I am.' })
    const newest = await newestOf(it.dinner)
    expect(entry?.head?.toString()).to.equal(newest.action.toString())
    expect(entry?.lastActivity).to.equal(newest.wallMs)
  })

  it('counts neither one’s own messages nor what was only listened to as unread', async () => {
    const it = await scene()
    await it.dinner.append(message('mine'))
    const { messages: [mine] } = await it.dinner.state()
    await carry(it.phone.replica, it.bob, it.dinner.id)
    await it.world.clock.advance(5)
    await it.bobs.append({ verb: 'played', thing: 'message', message: Buffer.from(mine?.id ?? '', 'hex'), positionMs: 5, done: true })
    const before = it.phone.list.get(it.dinner.id)
    await carry(it.bob, it.phone.replica, it.dinner.id)
    await it.phone.list.settled()
    const after = it.phone.list.get(it.dinner.id)
    expect(after).to.deep.include({ unread: 0, isUnread: false, lastActivity: before?.lastActivity })
    expect(after?.head?.toString()).not.to.equal(before?.head?.toString())
  })

  it('counts from what was read, on whichever device', async () => {
    const it = await scene()
    await hear(it, 'one', 'two')
    const read = await newestOf(it.dinner)
    await hear(it, 'three')
    const tablet = await openListed(it.world, await it.world.device(it.phone.replica.who))
    await it.world.introduce(it.phone.replica)
    await (await it.phone.replica.conversations.home()).share()
    await meet(it.phone.replica, tablet.replica, it.dinner.id)
    await meetAtHome(it.phone.replica, tablet.replica)
    await tablet.privateState.set(it.dinner.id, { readTo: read })
    await meetAtHome(it.phone.replica, tablet.replica)
    for (const { list, replica, privateState } of [tablet, it.phone]) {
      // What is told of by the home’s log first.
      await replica.conversations.keepKeys()
      await privateState.get(it.dinner.id)
      await list.settled()
      expect(list.get(it.dinner.id)?.unread).to.equal(1)
    }
  })

  it('follows a voice from its first word to its length', async () => {
    const it = await scene()
    const [id, voice] = [it.world.random(16), it.world.random(16)]
    await it.bobs.append({ verb: 'add', thing: 'message', message: id, attachment: { voice, key: it.world.random(32), codec: 'opus', sampleRateHz: 48_000, channels: 1 } })
    await carry(it.bob, it.phone.replica, it.dinner.id)
    await it.phone.list.settled()
    expect(it.phone.list.get(it.dinner.id)?.preview?.voice).to.deep.equal({ state: 'recording' })
    await it.bobs.append({ verb: 'add', thing: 'attachment', message: id, voice, manifest: null, durationMs: 4200, segments: 2, cutOff: false })
    await carry(it.bob, it.phone.replica, it.dinner.id)
    await it.phone.list.settled()
    expect(it.phone.list.get(it.dinner.id)?.preview?.voice).to.deep.equal({ state: 'complete', durationMs: 4200 })
  })

  it('follows edits, deletions, the subject and shared labels', async () => {
    const it = await scene()
    await hear(it, 'one', 'two')
    const { messages: [, two], subjectVersion } = await it.bobs.state()
    if (two === undefined || subjectVersion === undefined) throw new Error('nothing was said')
    const message = Buffer.from(two.id, 'hex')
    const edit = await it.bobs.append({ verb: 'modify', thing: 'message', message, body: 'three', follows: two.version })
    await it.bobs.appendAll([{ verb: 'modify', thing: 'subject', subject: 'Supper', follows: subjectVersion }, { verb: 'add', thing: 'label', label: 'food' }])
    await hear(it)
    expect(it.phone.list.get(it.dinner.id)).to.deep.include({ subject: 'Supper', unread: 2, labels: { private: [], shared: ['food'] } })
    expect(it.phone.list.get(it.dinner.id)?.preview?.text).to.equal('three')
    await it.bobs.append({ verb: 'delete', thing: 'message', message, follows: edit.cid })
    await hear(it)
    expect(it.phone.list.get(it.dinner.id)).to.deep.include({ unread: 1 })
    expect(it.phone.list.get(it.dinner.id)?.preview?.text).to.equal('one')
  })

  it('shows nothing of somebody who may only read', async () => {
    const it = await scene()
    await it.dinner.append({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(it.bob.who.did), permission: 'read' })
    await carry(it.phone.replica, it.bob, it.dinner.id)
    await it.bobs.append(message('all the same')).catch(() => {})
    await it.bobs.append({ verb: 'add', thing: 'reaction', message: new Uint8Array(16), reaction: '+' }).catch(() => {})
    await hear(it)
    expect(it.phone.list.get(it.dinner.id)).to.deep.include({ unread: 0, preview: undefined })
  })

  it('shows that one was removed, and that a conversation expired', async () => {
    const it = await scene()
    const theirs = await it.bob.conversations.create({ subject: 'Boats', participants: [it.phone.replica.who.did] })
    await carry(it.bob, it.phone.replica, theirs.id)
    await theirs.append({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(it.phone.replica.who.did) })
    await it.dinner.append({ verb: 'modify', thing: 'expiry', expiresAt: it.world.clock.now() + 5000, follows: null })
    await carry(it.bob, it.phone.replica, theirs.id)
    await it.phone.list.settled()
    expect([it.phone.list.get(theirs.id)?.status, it.phone.list.get(it.dinner.id)?.status]).to.deep.equal(['removed', 'active'])
    await it.world.clock.advance(6000)
    expect(it.phone.list.get(it.dinner.id)?.status).to.equal('expired')
  })

  it('puts away what is archived until somebody else acts', async () => {
    const it = await scene()
    await hear(it, 'one')
    await it.phone.privateState.set(it.dinner.id, { archived: await newestOf(it.dinner) })
    expect(it.phone.list.page({ archived: false }).entries).to.have.length(0)
    await it.dinner.append(message('mine'))
    await it.phone.list.settled()
    expect(it.phone.list.page({ archived: true }).entries).to.have.length(1)
    await carry(it.phone.replica, it.bob, it.dinner.id)
    await hear(it, 'two')
    expect(it.phone.list.page({ archived: false }).entries).to.have.length(1)
  })

  it('is told of changes, entry by entry', async () => {
    const it = await scene()
    const told: string[] = []
    it.phone.list.on('changed', ({ id, entry }) => { told.push(`${id.toString() === it.dinner.id.toString()} ${entry.unread} ${entry.isFavourite}`) })
    await hear(it, 'one', 'two')
    await it.phone.privateState.set(it.dinner.id, { favourite: true })
    expect(told).to.deep.equal(['true 2 false', 'true 2 true'])
  })

  it('has no home log in it', async () => {
    const it = await scene()
    await it.phone.privateState.set(it.dinner.id, { favourite: true })
    expect(allOf(it.phone.list).map(({ subject }) => subject)).to.deep.equal(['Dinner'])
    const again = await openListed(it.world, it.phone.replica.who, await copyOf(it.phone.disk))
    await again.list.settled()
    expect(allOf(again.list).map(({ subject }) => subject)).to.deep.equal(['Dinner'])
  })

  it('shows nothing to whoever has the disk alone', async () => {
    const it = await scene()
    await hear(it, 'a secret')
    const found: string[] = []
    for await (const { key, value } of it.phone.disk.entries('/list/')) found.push(key, Buffer.from(value).toString('latin1'))
    expect(found.length).to.be.greaterThan(2)
    expect(found.join('\n')).not.to.match(/secret|Dinner/)
  })

  it('opens what came before its key', async () => {
    const it = await scene()
    await hear(it, 'one')
    const tablet = await openListed(it.world, await it.world.device(it.phone.replica.who))
    await it.world.introduce(it.phone.replica)
    await meet(it.phone.replica, tablet.replica, it.dinner.id)
    await tablet.list.settled()
    expect(tablet.list.get(it.dinner.id)).to.deep.include({ subject: undefined, unread: 0 })
    expect(tablet.list.get(it.dinner.id)?.unreadable).to.be.greaterThan(0)
    const unlocked = new Promise<void>(resolve => { tablet.replica.conversations.on('unlocked', () => { resolve() }) })
    await (await it.phone.replica.conversations.home()).share()
    await meetAtHome(it.phone.replica, tablet.replica)
    await unlocked
    await tablet.list.settled()
    expect(tablet.list.get(it.dinner.id)).to.deep.include({ subject: 'Dinner', unread: 1, unreadable: 0 })
  })
})

describe('filters', () => {
  it('show what was asked for', async () => {
    const it = await scene()
    const { phone: { list, replica, privateState } } = it
    const ids: CID[] = [it.dinner.id]
    for (const subject of ['Boats', 'boat race', 'Nothing']) ids.push((await replica.conversations.create({ subject, participants: [] })).id)
    const [dinner, boats, race] = ids as [CID, CID, CID]
    await hear(it, 'unread')
    await privateState.set(boats, { labels: { add: ['sea'] }, muted: { until: it.world.clock.now() + 50 } })
    await privateState.set(race, { favourite: true, unread: true })
    await list.settled()
    const subjects = (filter: Parameters<typeof list.page>[0]): Array<string | undefined> => allOf(list, filter).map(({ subject }) => subject).sort()
    expect(subjects({ unread: true })).to.deep.equal(['Dinner', 'boat race'])
    expect(subjects({ subject: 'BOAT' })).to.deep.equal(['Boats', 'boat race'])
    expect(subjects({ privateLabel: 'sea' })).to.deep.equal(['Boats'])
    expect(subjects({ muted: true })).to.deep.equal(['Boats'])
    expect(subjects({ favourite: true })).to.deep.equal(['boat race'])
    expect(subjects({ person: it.bob.who.did })).to.deep.equal(['Dinner'])
    expect(subjects({ sharedLabel: 'sea' })).to.deep.equal([])
    await it.world.clock.advance(60)
    expect(subjects({ muted: true })).to.deep.equal([])
    expect(list.get(dinner)?.unread).to.equal(1)
  })
})

describe('pages', () => {
  it('repeat nothing and leave nothing out that stays where it is, while others move', async () => {
    const it = await scene()
    const { phone: { list, replica }, world } = it
    const made: Conversation[] = []
    for (let number = 0; number < 30; number++) {
      await world.clock.advance(1)
      made.push(await replica.conversations.create({ subject: `${number}`, participants: [] }))
    }
    await list.settled()
    const seen: Array<string | undefined> = []
    let after: string | undefined
    for (let turn = 0; turn === 0 || after !== undefined; turn++) {
      const page = list.page({ limit: 5, after })
      seen.push(...page.entries.map(({ subject }) => subject))
      after = page.next
      await world.clock.advance(1)
      // Some that were shown move, and one that was not.
      await made[turn === 0 ? 28 : 29 - turn]?.append(message('up'))
      if (turn === 1) await made[2]?.append(message('up'))
      await list.settled()
    }
    expect(new Set(seen).size).to.equal(seen.length)
    expect(seen).to.have.members(['Dinner', ...made.map((_one, number) => `${number}`).filter(name => name !== '2')])
    expect(list.page({ limit: 1 }).entries[0]?.subject).not.to.equal('29')
  })

  it('refuse what no page gave', async () => {
    const { phone } = await scene()
    for (const after of ['', 'x', '5', '1.2.3', '-1.a']) expect(() => phone.list.page({ after })).to.throw().with.property('name', 'InvalidArgumentError')
  })
})
