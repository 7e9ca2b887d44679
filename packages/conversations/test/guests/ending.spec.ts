import { expect } from 'chai'
import { CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { until } from '../home/support.ts'
import { nameOfRejection } from '../log/world.ts'
import { createParty, guestLogsOf, passOn, sizeOf, type Party } from './support.ts'

describe('a hidden participant whose host ends it', () => {
  let party: Party
  beforeEach(async () => { party = await createParty() })
  afterEach(async () => { await party.stop() })
  const pass = async (): Promise<void> => { await passOn(party) }
  const hide = async (): Promise<void> => { await (await party.open(party.alice)).hide(party.carol.who.did) }

  it('is served nothing more and reads nothing that is said later', async () => {
    const { alice, bob, carol, carolProxy, aliceProxy, say, bodies, meet, open, state, id } = party
    await say(alice, 'before')
    await hide()
    await pass()
    await (await open(alice)).unhide(carol.who.did)
    await say(alice, 'later')
    const held = await sizeOf(carol, id)
    await pass()
    await meet(carol, aliceProxy)
    await meet(carol, alice)
    expect(await sizeOf(carol, id)).to.equal(held)
    expect(await sizeOf(carolProxy, id)).to.equal(held)
    expect(await bodies(carol)).to.deep.equal(['before'])
    expect((await state(carol)).status).to.equal('removed')
    expect(await nameOfRejection(carol.sync.sync(id, aliceProxy.target))).to.equal('NotAllowedError')
    expect(await (await open(alice)).hidden()).to.deep.equal([])
    // Though the blocks came to them otherwise, they have no key.
    for await (const blocks of alice.conversations.holder(id).since([])) await carol.conversations.merge(id, blocks)
    expect(await bodies(carol)).to.deep.equal(['before'])
    await meet(alice, bob)
    expect(await bodies(bob)).to.deep.equal(['before', 'later'])
  })

  it('is served nothing more on a stream that is open', async () => {
    const { alice, carol, say, state, open, meet, id } = party
    await hide()
    await meet(alice, carol)
    const over = new AbortController()
    const current = new Promise(resolve => { carol.sync.on('current', resolve) })
    const ended = nameOfRejection(carol.sync.sync(id, alice.target, { live: true, signal: over.signal }))
    await current
    await say(alice, 'live')
    await until(async () => (await state(carol)).messages.length === 1)
    const held = await sizeOf(carol, id)
    await (await open(alice)).unhide(carol.who.did)
    await say(alice, 'later')
    expect(await ended).to.be.oneOf(['NotAllowedError', 'PeerRefusedError', 'SyncInterruptedError'])
    expect(await sizeOf(carol, id)).to.equal(held)
  })

  it('leaves a conversation with new keys, by another device where the first died between', async () => {
    const { alice, tablet, carol, meet, settled, id } = party
    await hide()
    const log = CID.parse((await guestLogsOf(alice))[0] ?? '')
    await meet(alice, tablet)
    // What a kill after the first of two steps leaves: the guest is out, the key is the old one.
    const removal = { verb: 'delete', thing: 'participant', person: publicKeyFromDid(carol.who.did) } as const
    await (await alice.conversations.open(log)).append(removal)
    await meet(alice, tablet)
    const before = await sizeOf(tablet, id)
    await settled(tablet)
    expect(await sizeOf(tablet, id)).to.equal(before + 1)
    await meet(alice, tablet)
    const both = await sizeOf(tablet, id)
    await settled(alice, tablet)
    expect(await sizeOf(tablet, id)).to.equal(both)
  })

  it('may be let in again', async () => {
    const { alice, carol, say, bodies, open, state } = party
    await hide()
    await (await open(alice)).unhide(carol.who.did)
    await say(alice, 'meanwhile')
    await hide()
    await pass()
    expect(await bodies(carol)).to.deep.equal(['meanwhile'])
    expect((await state(carol)).status).to.equal('hidden')
    expect(await guestLogsOf(alice)).to.have.length(1)
  })

  it('is refused of whom nobody let in', async () => {
    const { alice, carol, open } = party
    expect(await nameOfRejection((await open(alice)).unhide(carol.who.did))).to.equal('NoSuchItemError')
  })
})
