import type { CID } from '@parley/core'
import { expect } from 'chai'
import { createCompany, rejection, type Company } from './support.ts'

describe('people who come and go', () => {
  let company: Company
  let id: CID

  beforeEach(async () => {
    company = await createCompany(32)
    const { alice, bob } = company
    const there = await alice.conversations.create({ subject: 'Surprise', participants: [bob.who.did] })
    id = there.id
    await there.say({ body: 'before' })
    await company.meet(alice, bob, id)
  })
  afterEach(async () => { await company.peers.stop() })

  it('keep what they had when they are removed, learn of it, and get nothing new', async () => {
    const { alice, bob } = company
    const there = await company.at(alice, id)
    await there.remove(bob.who.did)
    await there.say({ body: 'after' })
    await company.meet(bob, alice, id)
    const frozen = await company.state(bob, id)
    expect(frozen.status).to.equal('removed')
    expect(frozen.former.map(({ did, by }) => ({ did, by }))).to.deep.equal([{ did: bob.who.did, by: alice.who.did }])
    expect(frozen.messages.map(({ body }) => body)).to.deep.equal(['before'])
    expect((await rejection((await company.at(bob, id)).say({ body: 'wait' }))).name).to.equal('NotAParticipantError')
    expect((await bob.conversations.holder(id).frontier()).length).to.equal(1)
  })

  it('may leave by themselves, and write no more', async () => {
    const { alice, bob } = company
    await (await company.at(bob, id)).leave()
    await company.meet(bob, alice, id)
    expect((await company.state(bob, id)).status).to.equal('left')
    expect((await company.state(alice, id)).participants.map(({ did }) => did)).to.deep.equal([alice.who.did])
    expect((await rejection((await company.at(bob, id)).say({ body: 'hm' }))).name).to.equal('NotAParticipantError')
  })

  it('are let in again with all that was said meanwhile, or from now on alone', async () => {
    const { alice, bob, carol } = company
    const there = await company.at(alice, id)
    await there.remove(bob.who.did)
    await there.say({ body: 'while Bob was away' })
    await there.invite(bob.who.did, { permission: 'write', history: 'all' })
    await there.invite(carol.who.did, { permission: 'write', history: 'from-now' })
    await there.say({ body: 'welcome' })
    await company.meet(alice, bob, id)
    await company.meet(alice, carol, id)
    expect((await company.state(bob, id)).messages.map(({ body }) => body)).to.deep.equal(['before', 'while Bob was away', 'welcome'])
    expect((await company.state(bob, id)).status).to.equal('active')
    const news = await company.state(carol, id)
    expect(news.messages.map(({ body }) => body)).to.deep.equal(['welcome'])
    expect(news.subject).to.equal('Surprise')
    expect(news.participants.map(({ did }) => did)).to.have.members([alice.who.did, bob.who.did, carol.who.did])
    await (await company.at(carol, id)).say({ body: 'thank you' })
    await company.meet(carol, bob, id)
    expect((await company.state(bob, id)).messages.map(({ body }) => body)).to.include('thank you')
  })

  it('are let in late into a long conversation, and get all of it', async function () {
    this.timeout(20_000)
    const { alice, carol } = company
    const there = await company.at(alice, id)
    await there.appendAll(Array.from({ length: 2500 }, () => ({ verb: 'add', thing: 'message', message: new Uint8Array(company.peers.world.random(16)), body: 'x'.repeat(500) })))
    await there.invite(carol.who.did, { permission: 'read', history: 'all' })
    await company.meet(alice, carol, id)
    const state = await company.state(carol, id)
    expect(state.messages).to.have.length(2501)
    expect(state.unreadable).to.equal(0)
  })

  it('may do what they were permitted, and no more', async () => {
    const { alice, bob, carol } = company
    const there = await company.at(alice, id)
    await there.invite(carol.who.did, { permission: 'comment', history: 'all' })
    await company.meet(alice, bob, id)
    await company.meet(alice, carol, id)
    const hers = await company.at(carol, id)
    expect((await rejection(hers.say({ body: 'a remark' }))).name).to.equal('NotPermittedError')
    expect((await rejection(hers.rename('Mine'))).name).to.equal('NotPermittedError')
    expect((await rejection(hers.remove(bob.who.did))).name).to.equal('NotPermittedError')
    const { id: parent } = await company.message(carol, id, 'before')
    await hers.say({ body: 'a remark', parent, part: { from: 0, to: 3 } })
    await there.setPermission(carol.who.did, 'write')
    await company.meet(alice, carol, id)
    await hers.say({ body: 'mine' })
    await company.meet(carol, bob, id)
    const remark = await company.message(bob, id, 'a remark')
    expect(remark).to.deep.include({ parent, part: { from: 0, to: 3 } })
    expect((await company.state(bob, id)).messages.map(({ body }) => body)).to.include('mine')
  })

  it('do not come back by dating something into the past', async () => {
    const { alice, bob, carol } = company
    const there = await company.at(alice, id)
    await there.setPermission(bob.who.did, 'full')
    await company.meet(alice, bob, id)
    await there.remove(bob.who.did)
    // Bob has not heard of it, or says so.
    await (await company.at(bob, id)).invite(carol.who.did, { permission: 'full', history: 'all' })
    await company.meet(bob, carol, id)
    await (await company.at(carol, id)).invite(bob.who.did, { permission: 'full', history: 'all' }).catch(() => undefined)
    for await (const blocks of carol.conversations.holder(id).since([])) await alice.conversations.merge(id, blocks)
    await there.say({ body: 'among ourselves' })
    expect((await company.state(alice, id)).participants.map(({ did }) => did)).to.deep.equal([alice.who.did])
    expect(await there.access()).to.deep.equal([alice.who.did])
  })
})
