import { expect } from 'chai'
import type { CID } from '@parley/core'
import { hasAction, readAction, readersOf, type ActionFacts } from '../../src/delivery/action-facts.ts'
import { positionOf } from '../../src/delivery/frontiers.ts'
import { createWorld, type Replica, type Somebody } from '../log/world.ts'

describe('what everybody may read of an action', () => {
  let alice: Somebody
  let bob: Somebody
  let replica: Replica
  let id: CID
  let actions: ActionFacts[]

  beforeEach(async () => {
    const world = createWorld()
    alice = await world.somebody('Alice')
    bob = await world.somebody('Bob')
    replica = await world.replica(alice)
    const conversation = await replica.conversations.create({ subject: '', participants: [bob.did] })
    id = conversation.id
    actions = []
    for (let n = 0; n < 3; n++) {
      await world.clock.advance(10)
      const { cid } = await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(world.random(16)), body: 'a' })
      const action = await readAction(replica.store, id, cid)
      if (action !== undefined) actions.push(action)
    }
  })

  it('is nothing where it is no action, or one of another conversation', async () => {
    expect(actions).to.have.length(3)
    expect(await readAction(replica.store, id, id)).to.equal(undefined)
    const other = await replica.conversations.create({ subject: 'other', participants: [] })
    expect(await readAction(replica.store, other.id, actions[0]?.cid as CID)).to.equal(undefined)
  })

  it('tells whether somebody has it, by a later one of its author', async () => {
    const [first, second, third] = actions as [ActionFacts, ActionFacts, ActionFacts]
    const at = positionOf([{ author: second.author, seq: second.seq, cid: second.cid }])
    expect(await hasAction(replica.store, id, at, first)).to.equal(true)
    expect(await hasAction(replica.store, id, at, second)).to.equal(true)
    expect(await hasAction(replica.store, id, at, third)).to.equal(false)
    expect(await hasAction(replica.store, id, new Map(), first)).to.equal(false)
  })

  it('is read by its author, and by who said to have seen it or a later one', async () => {
    const [first, second, third] = actions as [ActionFacts, ActionFacts, ActionFacts]
    const seen = { [alice.did]: null, [bob.did]: { action: second.cid, at: 77 } }
    expect([...await readersOf(replica.store, { id, seen }, first)]).to.deep.equal([[alice.did, first.time.wallMs], [bob.did, 77]])
    expect((await readersOf(replica.store, { id, seen }, second)).get(bob.did)).to.equal(77)
    expect((await readersOf(replica.store, { id, seen }, third)).has(bob.did)).to.equal(false)
  })
})
