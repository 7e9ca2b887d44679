import { expect } from 'chai'
import { CID } from '@parley/core'
import { blocksOf, createWorld } from '../log/world.ts'
import { allOf, openListed } from '../list/support.ts'
import { guestLogsOf } from './support.ts'

describe('the list of a guest', () => {
  it('has what they read, as hidden, and no guest log; and says when it ended', async () => {
    const world = createWorld(21)
    const [a, b, c] = [await world.somebody('Alice'), await world.somebody('Bob'), await world.somebody('Carol')]
    const alice = await world.replica(a)
    const { replica: carol, list } = await openListed(world, c)
    const conversation = await alice.conversations.create({ subject: 'plans', participants: [b.did] })
    await conversation.say({ body: 'a secret' })
    await conversation.hide(c.did)
    const log = CID.parse((await guestLogsOf(alice))[0] ?? '')
    const bring = async (id: CID): Promise<void> => { await carol.conversations.merge(id, await blocksOf(alice, id)) }
    await bring(log)
    await bring(conversation.id)
    await world.clock.advance(5000)
    await carol.conversations.keepKeys()
    await list.settled()
    const [entry, ...others] = allOf(list)
    expect(others).to.deep.equal([])
    expect(entry).to.include({ subject: 'plans', status: 'hidden', unread: 1, unreadable: 0 })
    expect(entry?.preview?.text).to.equal('a secret')
    // With the keys in the vault a message is taken in by itself.
    await conversation.say({ body: 'another' })
    await bring(conversation.id)
    await list.settled()
    expect(allOf(list)[0]?.preview?.text).to.equal('another')
    await conversation.unhide(c.did)
    await bring(log)
    await list.settled()
    expect(allOf(list)[0]?.status).to.equal('removed')
    await list.stop()
  })
})
