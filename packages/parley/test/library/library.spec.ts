import type { CID } from '@parley/core'
import type { SearchHit } from '@parley/conversations'
import { expect } from 'chai'
import type { Parley } from '../../src/index.ts'
import { createWorld, introduce, until, type Person, type World } from './world.ts'

describe('what a person finds on their device', function () {
  this.timeout(20_000)
  let world: World
  let alice: Person
  let bob: Person
  let here: Parley
  let there: Parley

  beforeEach(async () => {
    world = createWorld()
    alice = await world.person('Alice')
    bob = await world.person('Bob')
    await introduce(alice, bob)
    here = alice.first.parley
    there = bob.first.parley
  })
  afterEach(async () => { await world.stop() })

  const begin = async (subject: string): Promise<CID> => {
    const { id } = await here.conversations.create({ subject, participants: [bob.signer.did] }, { durable: true })
    await here.sync()
    return id
  }
  const say = async (from: Parley, id: CID, body: string): Promise<void> => {
    await (await from.conversations.open(id)).say({ body })
    await from.sync()
  }

  it('lists conversations by their newest message, and tells of what changes', async () => {
    const [first, second] = [await begin('Plans'), await begin('Money')]
    const changed: string[] = []
    there.list.on('changed', ({ entry }) => { changed.push(`${entry.subject} ${entry.unread}`) })
    await say(here, second, 'how much?')
    await say(here, first, 'where to?')
    await until(() => changed.includes('Plans 1'))
    await there.list.settled()
    expect(there.list.page().entries.map(({ subject, unread, preview }) => [subject, unread, preview?.text])).to.deep.equal([['Plans', 1, 'where to?'], ['Money', 1, 'how much?']])
    expect(there.list.page({ subject: 'mon' }).entries.map(({ id }) => id.equals(second))).to.deep.equal([true])
  })

  it('keeps marks for the person alone, and finds conversations by them', async () => {
    const id = await begin('Plans')
    await there.marks.set(id, { labels: { add: ['holiday'] }, favourite: true })
    await there.list.settled()
    expect(there.list.get(id)).to.deep.include({ isFavourite: true, labels: { private: ['holiday'], shared: [] } })
    expect(await found(there, 'holiday')).to.have.length(1)
    expect(await found(here, 'holiday')).to.have.length(0)
  })

  it('finds what was said, and people by the name they have here', async () => {
    const id = await begin('Plans')
    await say(here, id, 'we could go to Lisbon')
    expect((await found(there, 'lisbon')).map(({ kind, subject }) => [kind, subject])).to.deep.equal([['message', 'Plans']])
    expect(await found(there, 'auntie')).to.have.length(0)
    await there.contacts.edit(alice.signer.did, { name: 'Auntie' })
    expect((await found(there, 'auntie')).some(hit => hit.conversation.equals(id))).to.equal(true)
  })

  it('tells the others how far was read once the person said so, and not before', async () => {
    const id = await begin('Plans')
    await say(here, id, 'read this')
    const seen = async (): Promise<unknown> => (await (await here.conversations.open(id)).state()).seen[bob.signer.did]
    await there.readNotices.markRead(id)
    await there.sync()
    expect(there.list.get(id)?.unread).to.equal(0)
    expect(await seen()).to.equal(null)

    expect(await there.readNotices.isSentByDefault()).to.equal(false)
    await there.readNotices.sendByDefault(true)
    await there.readNotices.markRead(id)
    await there.sync()
    expect(await seen()).to.not.equal(null)
  })

  it('shares the setting of read notices, marks and drafts with another device of the person', async () => {
    const id = await begin('Plans')
    await there.readNotices.sendByDefault(true)
    await there.marks.set(id, { labels: { add: ['holiday'] } })
    const draft = await there.drafts.create({ subject: 'Later' })
    const { parley: other } = await bob.add('phone')
    await there.sync()
    await other.sync()
    await until(async () => await other.readNotices.isSentByDefault())
    expect((await other.marks.get(id)).labels).to.deep.equal(['holiday'])
    expect((await other.drafts.get(draft)).subject).to.equal('Later')
  })

  it('publishes a draft, and keeps what was begun to be written', async () => {
    const draft = await here.drafts.create({ subject: 'Later', participants: { put: [{ did: bob.signer.did, permission: 'write', history: 'all' }] } })
    const { id } = await here.drafts.publish(draft)
    await here.texts.set(id, { body: 'I wanted to' })
    await here.sync()
    await there.list.settled()
    expect(there.list.get(id)?.subject).to.equal('Later')
    expect(await here.texts.get(id)).to.deep.equal({ body: 'I wanted to' })
    expect(await there.texts.get(id)).to.equal(undefined)
  })

  it('shows the newest part of a conversation from whoever has it', async () => {
    const id = await begin('Plans')
    for (let index = 0; index < 5; index++) await (await here.conversations.open(id)).say({ body: `message ${index}` })
    const { actions, isBeginning } = await there.window(id, { count: 2 })
    expect(isBeginning).to.equal(false)
    expect(actions.map(({ content }) => content !== undefined && 'body' in content ? content.body : undefined)).to.deep.equal(['message 4', 'message 3'])
  })

  it('says so when nobody can be asked', async () => {
    const id = (await here.conversations.create({ subject: 'alone', participants: [] })).id
    expect(await here.window(id).then(() => undefined, (error: Error) => error.name)).to.equal('NobodyToAskError')
  })
})

async function found (parley: Parley, query: string): Promise<SearchHit[]> {
  await parley.search.caughtUp()
  const hits: SearchHit[] = []
  for await (const hit of parley.search.find(query)) hits.push(hit)
  return hits
}
