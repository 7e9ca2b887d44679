import type { CID } from '@parley/core'
import { expect } from 'chai'
import { createCompany, rejection, type Company } from './support.ts'

const HOUR_MS = 3_600_000

describe('people who edit one message', () => {
  let company: Company
  let id: CID

  beforeEach(async () => {
    company = await createCompany(31)
    const { alice, bob, carol } = company
    const there = await alice.conversations.create({ subject: 'The will', participants: [bob.who.did, carol.who.did] })
    id = there.id
    await there.say({ body: 'I leave the house to my cat.' })
    await company.meet(alice, bob, id)
    await company.meet(alice, carol, id)
  })
  afterEach(async () => { await company.peers.stop() })

  it('are told who holds the lock, and until when', async () => {
    const { alice, bob } = company
    const { id: message } = await company.message(bob, id, 'I leave the house to my cat.')
    await (await company.at(bob, id)).lock(message)
    await company.meet(bob, alice, id)
    const error = await rejection((await company.at(alice, id)).edit(message, { body: 'To my dog.' }))
    expect(error.name).to.equal('LockedError')
    expect(error['by']).to.equal(bob.who.did)
    const { lock } = await company.message(alice, id, 'I leave the house to my cat.')
    expect(lock).to.include({ by: bob.who.did, device: bob.who.device.did })
    expect((lock?.until ?? 0) - (lock?.at ?? 0)).to.equal(HOUR_MS)
  })

  it('may go on when the holder edits and releases in one step, or the lock has run out', async () => {
    const { alice, bob, carol } = company
    const { id: message } = await company.message(bob, id, 'I leave the house to my cat.')
    await (await company.at(bob, id)).lock(message)
    await (await company.at(bob, id)).edit(message, { body: 'To my parrot.', release: true })
    await company.meet(bob, alice, id)
    expect((await company.message(alice, id, 'To my parrot.')).lock).to.equal(undefined)
    await (await company.at(alice, id)).lock(message)
    await company.meet(alice, carol, id)
    expect((await rejection((await company.at(carol, id)).edit(message, { body: 'To Carol.' }))).name).to.equal('LockedError')
    await company.peers.world.clock.advance(HOUR_MS + 1)
    await (await company.at(carol, id)).edit(message, { body: 'To Carol.' })
    await company.meet(carol, alice, id)
    const edited = await company.message(alice, id, 'To Carol.')
    expect(edited.author).to.equal(alice.who.did)
    expect(edited.editors).to.have.members([bob.who.did, carol.who.did])
  })

  it('agree on one holder when two locked at once, and the other sees that they lost', async () => {
    const { alice, bob, carol } = company
    const { id: message } = await company.message(bob, id, 'I leave the house to my cat.')
    await (await company.at(bob, id)).lock(message)
    await company.peers.world.clock.advance(1000)
    await (await company.at(carol, id)).lock(message)
    await company.meet(bob, carol, id)
    await company.meet(bob, alice, id)
    for (const peer of [alice, bob, carol]) {
      const { lock, conflicts } = await company.message(peer, id, 'I leave the house to my cat.')
      expect(lock?.by).to.equal(bob.who.did)
      expect(conflicts.map(({ kind, by }) => ({ kind, by }))).to.deep.equal([{ kind: 'lock', by: carol.who.did }])
    }
  })

  it('keep both of two edits made at once: the later is shown, the other beside it', async () => {
    const { alice, bob, carol } = company
    const { id: message } = await company.message(bob, id, 'I leave the house to my cat.')
    await (await company.at(bob, id)).edit(message, { body: 'To Bob.' })
    await company.peers.world.clock.advance(1000)
    await (await company.at(carol, id)).edit(message, { body: 'To Carol.' })
    const told: string[] = []
    alice.conversations.on('conflict', ({ conversation }) => { told.push(conversation.toString()) })
    await company.meet(bob, alice, id)
    await company.meet(carol, alice, id)
    await company.meet(alice, bob, id)
    for (const peer of [alice, bob]) {
      const { conflicts } = await company.message(peer, id, 'To Carol.')
      expect(conflicts).to.have.length(1)
      expect(conflicts[0]).to.deep.include({ kind: 'edit', by: bob.who.did })
    }
    expect(told).to.include(id.toString())
  })

  it('are told when what they edited is not the newest any more', async () => {
    const { bob } = company
    const { id: message, version } = await company.message(bob, id, 'I leave the house to my cat.')
    const there = await company.at(bob, id)
    await there.edit(message, { body: 'To nobody.' })
    const { version: newest } = await company.message(bob, id, 'To nobody.')
    const error = await rejection(there.edit(message, { body: 'To everybody.', follows: version }))
    expect(error.name).to.equal('StaleEditError')
    expect(String(error.message)).to.include(newest.toString())
    await there.edit(message, { body: 'To everybody.', follows: newest })
    expect((await company.message(bob, id, 'To everybody.')).editors).to.deep.equal([bob.who.did])
  })

  it('lose no message that was added meanwhile, and get back what was deleted', async () => {
    const { alice, bob, carol } = company
    await (await company.at(bob, id)).say({ body: 'from Bob' })
    await (await company.at(carol, id)).say({ body: 'from Carol' })
    const { id: message } = await company.message(alice, id, 'I leave the house to my cat.')
    await (await company.at(alice, id)).erase(message)
    await company.meet(alice, bob, id)
    await company.meet(bob, carol, id)
    const gone = (await company.state(carol, id)).messages.find(found => found.id === message)
    expect(gone?.body).to.equal(undefined)
    expect(gone?.deleted?.by).to.equal(alice.who.did)
    expect((await company.state(carol, id)).messages.map(({ body }) => body)).to.include.members(['from Bob', 'from Carol'])
    await (await company.at(alice, id)).recover(message)
    await company.meet(alice, carol, id)
    expect((await company.message(carol, id, 'I leave the house to my cat.')).deleted).to.equal(undefined)
  })

  it('refuse a body that is too long by name, and say how long it may be', async () => {
    const { alice, bob } = company
    const before = (await company.state(alice, id)).messages.length
    const error = await rejection((await company.at(alice, id)).say({ body: 'x'.repeat(40_000) }))
    expect(error.name).to.equal('TextTooLongError')
    expect(error.message).to.include('32768')
    await company.meet(alice, bob, id)
    expect((await company.state(bob, id)).messages).to.have.length(before)
  })
})
