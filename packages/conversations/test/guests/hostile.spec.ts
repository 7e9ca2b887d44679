import { expect } from 'chai'
import { CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import fc from 'fast-check'
import { encodeBasics, guestBasics } from '../../src/format/basics.ts'
import type { Content } from '../../src/index.ts'
import { decide, type HostFacts } from '../../src/guests/guest-rule.ts'
import { mayShare, type Holders } from '../../src/sync/sharing-rule.ts'
import { blocksOf, nameOfRejection } from '../log/world.ts'
import { forge } from '../log/forge.ts'
import { createParty, guestLogsOf, sizeOf, type Party, type Watched } from './support.ts'

describe('those who lie about guests', () => {
  let party: Party
  beforeEach(async () => {
    party = await createParty()
    const { alice, bob, carol, meet, open, say } = party
    await say(alice, 'a secret')
    await meet(alice, bob)
    await (await open(alice)).hide(carol.who.did)
  })
  afterEach(async () => { await party.stop() })

  const logOf = async (peer: Watched): Promise<CID> => CID.parse((await guestLogsOf(peer))[0] ?? '')

  it('cannot write as the guest', async () => {
    const { alice, aliceProxy, carol, id, meet } = party
    await meet(alice, aliceProxy)
    const heads = (await alice.conversations.holder(id).frontier()).map(({ cid }) => cid)
    const forged = await forge(carol.who, id, { after: heads })
    for (const { conversations } of [alice, aliceProxy]) {
      const { outcomes, stored } = await conversations.merge(id, [forged.bytes])
      expect(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name)).to.deep.equal(['NotAParticipantError'])
      expect(stored).to.deep.equal([])
    }
  })

  it('cannot make a participant serve the guest who is not the host', async () => {
    const { alice, aliceProxy, bob, bobProxy, carol, carolProxy, id, meet, world } = party
    await meet(bob, bobProxy)
    // Even where the guest log was brought there.
    const log = await logOf(alice)
    for (const peer of [bob, bobProxy]) {
      await world.introduce(peer)
      await peer.conversations.merge(log, await blocksOf(alice, log))
      expect(await guestLogsOf(peer)).to.deep.equal([log.toString()])
      for (const guest of [carol, carolProxy]) {
        expect(await nameOfRejection(guest.sync.sync(id, peer.target))).to.equal('NotAllowedError')
        expect(await nameOfRejection(peer.sync.sync(id, guest.target))).to.equal('NotAllowedError')
        expect(await guest.conversations.holder(id).exists()).to.equal(false)
      }
      expect(await nameOfRejection(peer.sync.sync(log, carol.target))).to.equal('NotAllowedError')
    }
    // And the guest’s own side goes to nobody else.
    await meet(alice, aliceProxy)
    await meet(carol, aliceProxy)
    expect(await nameOfRejection(carol.sync.sync(id, bob.target))).to.equal('NotAllowedError')
    expect(await nameOfRejection(bob.sync.sync(id, carol.target))).to.equal('NotAllowedError')
  })

  it('get nothing by a guest log of their own', async () => {
    const { alice, aliceProxy, id, meet, world } = party
    const eve = await party.stranger('Eve')
    await meet(alice, aliceProxy)
    for (const peer of [alice, aliceProxy]) await world.introduce(peer)
    // She learned the id somewhere, and has a conversation of her own under another.
    const own = await eve.conversations.create({ subject: 'hers', participants: [alice.who.did] })
    await own.hide(party.carol.who.did).catch(() => {})
    const basics = encodeBasics(guestBasics(publicKeyFromDid(eve.who.did), 1, world.random(16)))
    const first = await forge(eve.who, basics.cid, { links: [id.bytes], access: { add: [{ person: publicKeyFromDid(alice.who.did), permission: 'read', history: 'all' }], remove: [] }, keys: [{ device: eve.who.device.signer.publicKey, enc: new Uint8Array(32), ct: new Uint8Array(52) }], time: { wallMs: Math.floor(world.clock.now()), counter: 0, offsetMinutes: 0 } })
    for (const peer of [eve, alice, aliceProxy]) await peer.conversations.merge(basics.cid, [basics.bytes, first.bytes])
    expect(await guestLogsOf(alice)).to.include(basics.cid.toString())
    for (const peer of [alice, aliceProxy]) {
      expect(await nameOfRejection(eve.sync.sync(id, peer.target))).to.equal('NotAllowedError')
      await eve.sync.syncAll(peer.target)
    }
    expect(await eve.conversations.holder(id).exists()).to.equal(false)
    expect(await (await party.open(alice)).hidden()).to.deep.equal([party.carol.who.did])
  })

  it('cannot begin a guest log in the host’s name', async () => {
    const { alice, id, world } = party
    const eve = await party.stranger('Eve')
    await world.introduce(alice)
    const basics = encodeBasics(guestBasics(publicKeyFromDid(alice.who.did), 1, world.random(16)))
    const first = await forge(eve.who, basics.cid, { links: [id.bytes], access: { add: [{ person: publicKeyFromDid(eve.who.did), permission: 'read', history: 'all' }], remove: [] }, keys: [{ device: eve.who.device.signer.publicKey, enc: new Uint8Array(32), ct: new Uint8Array(52) }], time: { wallMs: Math.floor(world.clock.now()), counter: 0, offsetMinutes: 0 } })
    const { outcomes } = await alice.conversations.merge(basics.cid, [basics.bytes, first.bytes])
    expect(outcomes.map(outcome => outcome.ok ? outcome.kind : outcome.error.name)).to.include('NotAParticipantError')
    expect(await guestLogsOf(alice)).not.to.include(basics.cid.toString())
  })

  it('cannot share by a log that is not theirs, or is no guest log', async () => {
    const { alice, carol, id, meet, open } = party
    await meet(alice, carol)
    const log = await logOf(alice)
    const other = await carol.conversations.create({ subject: 'carol’s', participants: [] })
    const share: Content = { verb: 'share', thing: 'conversation', conversation: other.id, since: 0, keys: [] }
    for (const at of [await open(alice), await open(carol, log)]) {
      expect(await nameOfRejection(at.append({ ...share }))).to.equal('NotPermittedError')
    }
    expect(await nameOfRejection((await open(alice, log)).say({ body: 'no conversation' }))).to.equal('NotPermittedError')
    // What their device says in clear all the same is passed over.
    const heads = (await alice.conversations.holder(log).frontier()).map(({ cid }) => cid)
    const forged = await forge(carol.who, log, { after: heads, links: [other.id.bytes], epoch: 0, time: { wallMs: Math.floor(party.world.clock.now()) + 1, counter: 0, offsetMinutes: 0 } })
    expect((await alice.conversations.merge(log, [forged.bytes])).stored).to.have.length(1)
    expect(await alice.conversations.holder(other.id).guests()).to.deep.equal([])
    expect(await alice.conversations.holder(id).guests()).to.deep.equal([{ host: alice.who.did, guest: carol.who.did }])
    expect(await sizeOf(alice, id)).to.be.greaterThan(1)
  })

  it('cannot tell from an id whether a guest log is there', async () => {
    const { alice, id, open } = party
    const [first] = await guestLogsOf(alice)
    const again = await createParty()
    await (await again.open(again.alice)).hide(again.carol.who.did)
    // The same people, the same seed, another history of random bytes before it.
    expect(await guestLogsOf(again.alice)).not.to.deep.equal([first])
    expect(await (await open(alice)).access()).not.to.include(party.carol.who.did)
    expect(id.toString()).not.to.equal(first)
    await again.stop()
  })
})

describe('the rule of sharing with guests', () => {
  const people = ['a', 'b', 'c', 'd']
  const some = fc.subarray(people)
  const holders: fc.Arbitrary<Holders> = fc.record({
    access: some,
    former: fc.constant([]),
    guests: fc.array(fc.record({ host: fc.constantFrom(...people), guest: fc.constantFrom(...people) }).filter(({ host, guest }) => host !== guest), { maxLength: 4 })
  })

  it('changes nothing but between a host’s side and their guest’s, and follows the host', () => {
    fc.assert(fc.property(fc.subarray(people, { minLength: 1 }), some, fc.option(fc.constantFrom(...people), { nil: undefined }), holders, (persons, serves, person, known) => {
      const [peer, own] = [{ device: 'x', persons }, { person, serves }]
      const ours = person === undefined ? serves : [person, ...serves]
      const plain = mayShare(peer, own, { ...known, guests: [] })
      const meant = (known.guests ?? []).filter(({ host, guest }) => known.access.includes(host) && [host, guest].some(did => ours.includes(did)) && [host, guest].some(did => persons.includes(did)))
      expect(mayShare(peer, own, known).ok).to.equal(plain.ok || meant.length > 0)
    }), { seed: 21, numRuns: 2000 })
  })

  it('goes as far as the host, who was put out', () => {
    const through = CID.parse('bafyreihxset2q4xnodkz5gttoa34bid2hfemphtqdhtklegcykqtbdetfa')
    const known = { access: ['b'], former: [{ did: 'a', through }], guests: [{ host: 'a', guest: 'c' }] }
    expect(mayShare({ device: 'x', persons: ['c'] }, { person: 'a', serves: [] }, known)).to.deep.equal({ ok: true, view: { through, andBy: [] } })
    expect(mayShare({ device: 'x', persons: ['c'] }, { person: 'b', serves: [] }, known)).to.have.property('ok', false)
  })
})

describe('what a host’s device owes', () => {
  const key = fc.record({ epoch: fc.nat(4), key: fc.uint8Array({ minLength: 2, maxLength: 2 }) })
  const facts: fc.Arbitrary<HostFacts> = fc.record({ keys: fc.array(key, { maxLength: 8 }), newest: fc.nat(4), mayWrite: fc.boolean(), isOpen: fc.boolean(), isGuest: fc.boolean(), handed: fc.array(key, { maxLength: 8 }), since: fc.nat(4) })

  it('is nothing once it was done, whoever of its devices did it', () => {
    fc.assert(fc.property(facts, given => {
      const deed = decide(given)
      const after = { ...given }
      if (deed.type === 'hand-on') after.handed = [...given.handed, ...deed.keys]
      if (deed.type === 'let-go') after.isGuest = false
      if (deed.type === 'renew') after.newest = 1 + Math.max(given.newest, ...given.handed.map(({ epoch }) => epoch))
      expect(decide(after).type).to.equal('nothing')
    }), { seed: 21, numRuns: 2000 })
  })

  it('never hands on what was before, nor to somebody who is out', () => {
    fc.assert(fc.property(facts, given => {
      const deed = decide(given)
      if (deed.type !== 'hand-on') return
      expect(given.isGuest && !given.isOpen).to.equal(true)
      expect(deed.keys.every(({ epoch }) => epoch >= given.since)).to.equal(true)
    }), { seed: 22, numRuns: 2000 })
  })
})
