import type { CID } from '@parley/core'
import { expect } from 'chai'
import { createCompany, rejection, type Company } from './support.ts'

const DAY_MS = 24 * 3_600_000

describe('a conversation over time', () => {
  let company: Company
  let id: CID

  beforeEach(async () => {
    company = await createCompany(33)
    const { alice, bob } = company
    const there = await alice.conversations.create({ subject: 'Plans', participants: [bob.who.did] })
    id = there.id
    await there.say({ body: 'hello' })
    await company.meet(alice, bob, id)
  })
  afterEach(async () => { await company.peers.stop() })

  it('closes when it has expired', async () => {
    const { alice, bob } = company
    const { clock } = company.peers.world
    await (await company.at(alice, id)).expire(clock.now() + DAY_MS)
    await company.meet(alice, bob, id)
    await (await company.at(bob, id)).say({ body: 'in time' })
    await clock.advance(DAY_MS + 1)
    expect((await company.state(bob, id)).status).to.equal('expired')
    expect((await rejection((await company.at(bob, id)).say({ body: 'too late' }))).name).to.equal('ConversationExpiredError')
    expect((await rejection((await company.at(alice, id)).expire(null))).name).to.equal('ConversationExpiredError')
    await company.meet(bob, alice, id)
    expect((await company.state(alice, id)).messages.map(({ body }) => body)).to.deep.equal(['hello', 'in time'])
  })

  it('says nothing of who has read what, until they say so', async () => {
    const { alice, bob } = company
    expect((await company.state(alice, id)).seen[bob.who.did]).to.equal(null)
    const { version } = await company.message(bob, id, 'hello')
    await (await company.at(bob, id)).seen(version)
    await company.meet(bob, alice, id)
    expect((await company.state(alice, id)).seen[bob.who.did]?.action.toString()).to.equal(version.toString())
  })

  it('catches up with fifty actions that were missed', async () => {
    const { alice, bob } = company
    const there = await company.at(alice, id)
    for (let n = 0; n < 50; n++) await there.say({ body: `missed ${n}` })
    await company.meet(bob, alice, id)
    expect((await company.state(bob, id)).messages).to.have.length(51)
    expect((await company.state(bob, id)).heads.map(String)).to.deep.equal((await company.state(alice, id)).heads.map(String))
  })

  it('is fetched as a whole by somebody to whom it is unknown, and refused where it is nobody’s', async () => {
    const { alice, bob, carol } = company
    const there = await company.at(alice, id)
    const action = await there.say({ body: 'news' })
    const lone = await bob.conversations.merge(id, [action.bytes])
    expect(lone.stored).to.have.length(1)
    const early = await carol.conversations.merge(id, [action.bytes])
    expect(early.outcomes[0]).to.deep.include({ ok: false })
    expect((await rejection(company.meet(alice, carol, id))).name).to.be.oneOf(['NotAllowedError', 'PeerRefusedError'])
    expect(await carol.conversations.holder(id).exists()).to.equal(false)
    await there.invite(carol.who.did, { permission: 'write', history: 'all' })
    await company.meet(alice, carol, id)
    expect((await company.state(carol, id)).messages.map(({ body }) => body)).to.deep.equal(['hello', 'news'])
  })
})
