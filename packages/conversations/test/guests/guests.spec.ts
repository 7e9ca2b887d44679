import { expect } from 'chai'
import { CID } from '@parley/core'
import { nameOfRejection } from '../log/world.ts'
import { until } from '../home/support.ts'
import { createParty, diskOf, guestLogsOf, idsOf, passOn, sizeOf, tracesOf, type Party } from './support.ts'

describe('a hidden participant', () => {
  let party: Party
  beforeEach(async () => { party = await createParty() })
  afterEach(async () => { await party.stop() })

  const pass = async (): Promise<void> => { await passOn(party) }
  const hide = async (): Promise<void> => { await (await party.open(party.alice)).hide(party.carol.who.did) }

  it('reads what was and what is said, by proxies without keys', async () => {
    const { alice, bob, carol, say, bodies, meet, state, id } = party
    await say(alice, 'before')
    await hide()
    await pass()
    expect(await bodies(carol)).to.deep.equal(['before'])
    expect(await state(carol)).to.include({ subject: 'plans', status: 'hidden', unreadable: 0 })
    await meet(alice, bob)
    await say(bob, 'after')
    await meet(alice, bob)
    await pass()
    expect(await bodies(carol)).to.deep.equal(['before', 'after'])
    expect(await idsOf(carol)).to.deep.equal([id.toString()])
  })

  it('is in no list of people, but in that of their host', async () => {
    const { alice, bob, carol, meet, state, open } = party
    await hide()
    await meet(alice, bob)
    for (const peer of [alice, bob]) {
      const { participants, former } = await state(peer)
      expect(participants.map(({ did }) => did)).to.have.members([alice.who.did, bob.who.did])
      expect(former).to.deep.equal([])
      expect(await (await open(peer)).access()).to.have.members([alice.who.did, bob.who.did])
    }
    expect(await (await open(alice)).hidden()).to.deep.equal([carol.who.did])
    expect(await (await open(bob)).hidden()).to.deep.equal([])
  })

  it('is found by the host’s other device, once and for all', async () => {
    const { alice, tablet, carol, meet, open, settled } = party
    await hide()
    await meet(alice, tablet)
    await settled(alice, tablet)
    const { conversations } = tablet
    const [log = ''] = await guestLogsOf(tablet)
    const before = await sizeOf(tablet, CID.parse(log))
    expect(await (await open(tablet)).hidden()).to.deep.equal([carol.who.did])
    await (await open(tablet)).hide(carol.who.did)
    expect(await guestLogsOf(tablet)).to.deep.equal(await guestLogsOf(alice))
    expect(await sizeOf(tablet, CID.parse(log))).to.equal(before)
    expect(await idsOf({ ...tablet, conversations })).to.deep.equal([party.id.toString()])
    expect(await idsOf(tablet, true)).to.include(log)
  })

  it('leaves no trace with anybody but their host, not in a frame and not on a disk', async () => {
    const { alice, tablet, bob, bobProxy, carol, carolProxy, aliceProxy, say, meet, open, settled, state } = party
    const everybody = async (): Promise<void> => {
      await meet(alice, bob)
      await meet(bob, bobProxy)
      await meet(aliceProxy, bobProxy)
      await meet(bob, aliceProxy)
      await meet(tablet, bob)
      await pass()
      await meet(tablet, aliceProxy)
      await settled(alice, tablet, bob)
    }
    await say(alice, 'before')
    await everybody()
    await hide()
    await everybody()
    await (await open(bob)).append({ verb: 'renew', thing: 'keys' })
    await say(bob, 'with a new key')
    await everybody()
    await everybody()
    expect((await state(carol)).messages).to.have.length(2)
    // What is given live, as well.
    const over = new AbortController()
    const current = new Promise(resolve => { bob.sync.on('current', resolve) })
    const live = bob.sync.sync(party.id, aliceProxy.target, { live: true, signal: over.signal })
    await current
    await say(alice, 'live')
    await meet(alice, aliceProxy)
    await until(async () => (await state(bob)).messages.length === 3)
    over.abort()
    await live
    await (await open(alice)).unhide(carol.who.did)
    await everybody()
    const hidden = [carol.who, carolProxy.who]
    for (const peer of [bob, bobProxy]) {
      expect(peer.frames.length).to.be.greaterThan(10)
      expect(tracesOf(hidden, peer.frames)).to.deep.equal([])
      expect(tracesOf(hidden, await diskOf(peer))).to.deep.equal([])
      expect(await guestLogsOf(peer)).to.deep.equal([])
    }
    // The look would find them where they are.
    expect(tracesOf(hidden, aliceProxy.frames)).to.include(carol.who.did)
    expect(tracesOf(hidden, await diskOf(aliceProxy))).to.include(carol.who.did)
  })

  it('reads new epochs, from the host’s proxy alone once a device of the host handed the keys on', async () => {
    const { alice, bob, carol, aliceProxy, say, bodies, meet, open, settled, state } = party
    await hide()
    await meet(alice, aliceProxy)
    await meet(alice, bob)
    await (await open(bob)).append({ verb: 'renew', thing: 'keys' })
    await say(bob, 'under a new key')
    await meet(bob, aliceProxy)
    await meet(carol, aliceProxy)
    expect((await state(carol)).unreadable).to.equal(2)
    await meet(alice, aliceProxy)
    await settled(alice)
    await meet(alice, aliceProxy)
    await meet(carol, aliceProxy)
    await settled(carol)
    expect(await bodies(carol)).to.deep.equal(['under a new key'])
    expect((await state(carol)).unreadable).to.equal(0)
  })

  it('gets each key once, however many devices their host has', async () => {
    const { alice, tablet, bob, aliceProxy, meet, open, settled } = party
    await hide()
    await meet(alice, aliceProxy)
    await meet(tablet, aliceProxy)
    await meet(alice, bob)
    const log = CID.parse((await guestLogsOf(alice))[0] ?? '')
    const before = await sizeOf(alice, log)
    await (await open(bob)).append({ verb: 'renew', thing: 'keys' })
    await meet(bob, aliceProxy)
    await meet(alice, aliceProxy)
    await settled(alice)
    await meet(alice, aliceProxy)
    await meet(tablet, aliceProxy)
    await settled(tablet, alice)
    await meet(tablet, aliceProxy)
    await meet(alice, aliceProxy)
    await settled(tablet, alice)
    expect(await sizeOf(alice, log)).to.equal(before + 1)
    expect(await sizeOf(tablet, log)).to.equal(before + 1)
  })

  it('reads from now on alone where that is what they were given', async () => {
    const { alice, carol, say, bodies, open, state } = party
    await say(alice, 'not for carol')
    await (await open(alice)).hide(carol.who.did, { history: 'from-now' })
    await say(alice, 'for carol')
    await pass()
    expect(await bodies(carol)).to.deep.equal(['for carol'])
    expect((await state(carol)).unreadable).to.be.greaterThan(0)
  })

  it('cannot write', async () => {
    const { carol, open, state } = party
    await hide()
    await pass()
    const conversation = await open(carol)
    expect(await nameOfRejection(conversation.say({ body: 'me too' }))).to.equal('HiddenReaderError')
    expect(await nameOfRejection(conversation.hide(party.bob.who.did))).to.equal('HiddenReaderError')
    expect(await nameOfRejection(conversation.leave())).to.equal('HiddenReaderError')
    expect((await state(carol)).messages).to.deep.equal([])
  })

  it('has what they read in the key vault, so that another device of theirs reads it', async () => {
    const { carol, carolProxy, say, alice, settled, id } = party
    await say(alice, 'before')
    await hide()
    await pass()
    await settled(carol)
    await party.meet(carol, carolProxy)
    const names: string[] = []
    for await (const { key } of (await carol.conversations.home()).list('keys', { within: id.toString() })) names.push(key)
    expect(names).to.have.length(1)
  })

  it('becomes a participant when they are invited openly', async () => {
    const { alice, carol, say, bodies, open, state, settled } = party
    await hide()
    await pass()
    await (await open(alice)).invite(carol.who.did)
    await settled(alice)
    await say(alice, 'welcome')
    await pass()
    expect((await state(carol)).status).to.equal('active')
    expect(await (await open(alice)).hidden()).to.deep.equal([])
    await say(carol, 'hello')
    expect(await bodies(carol)).to.deep.equal(['welcome', 'hello'])
    const pairs = await alice.conversations.holder(party.id).guests()
    expect(pairs).to.deep.equal([])
  })

  it('sees it where it froze for their host, who was removed', async () => {
    const { alice, bob, carol, meet, open, state } = party
    const { id } = await bob.conversations.create({ subject: 'bob’s', participants: [alice.who.did] })
    await meet(alice, bob)
    await (await open(alice, id)).hide(carol.who.did)
    await (await open(bob, id)).say({ body: 'before' })
    await meet(alice, bob)
    await pass()
    await (await open(bob, id)).remove(alice.who.did)
    await (await open(bob, id)).say({ body: 'after' })
    await meet(bob, alice)
    await meet(bob, party.aliceProxy)
    await pass()
    expect((await state(alice, id)).status).to.equal('removed')
    expect((await state(carol, id)).messages.map(({ body }) => body)).to.deep.equal(['before'])
    expect((await state(carol, id)).status).to.equal('removed')
    expect(await sizeOf(carol, id)).to.equal(await sizeOf(alice, id))
  })

  it('is no one who is in it, nor one whom nobody knows', async () => {
    const { alice, bob, open, world } = party
    const conversation = await open(alice)
    expect(await nameOfRejection(conversation.hide(bob.who.did))).to.equal('InvalidArgumentError')
    expect(await nameOfRejection(conversation.hide(alice.who.did))).to.equal('InvalidArgumentError')
    expect(await nameOfRejection(conversation.hide((await world.somebody('Dave')).did))).to.equal('UnknownPersonError')
    await conversation.setPermission(bob.who.did, 'read')
    await party.meet(alice, bob)
    expect(await nameOfRejection((await open(bob)).hide(alice.who.did))).to.equal('NotPermittedError')
  })
})
