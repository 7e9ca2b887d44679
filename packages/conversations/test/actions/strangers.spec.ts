import { encode } from '@ipld/dag-cbor'
import type { CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import type { Content, Conversation, DecodedAction, Permission } from '../../src/index.ts'
import { carry, createWorld, type Replica, type Somebody, type World } from '../log/world.ts'
import { bytes16 } from './paper-log.ts'
import { rogue } from './rogue.ts'

describe('what somebody writes whose software keeps no rule', () => {
  let world: World
  let alice: Replica
  let bob: Somebody
  let here: Conversation
  let message: string
  let version: CID

  beforeEach(async () => {
    world = createWorld(41)
    bob = await world.somebody('Bob')
    alice = await world.replica(await world.somebody('Alice'))
    await world.introduce(alice)
    here = await alice.conversations.create({ subject: 'Dinner', participants: [] })
    ;({ id: message, cid: version } = await here.say({ body: 'hello' }))
  })
  /** Lets Bob in, and merges what he writes. */
  const write = async (permission: Permission, content: Content | Uint8Array): Promise<DecodedAction | Error> => {
    await here.invite(bob.did, { permission })
    await world.clock.advance(1000)
    const { heads } = await here.state()
    const access = content instanceof Uint8Array ? undefined : content.thing === 'participant' && content.verb === 'delete' ? { add: [], remove: [content.person] } : undefined
    const { bytes, cid } = await rogue(bob, here.id, content, { seq: 0, after: heads, epoch: 1, wallMs: world.clock.now(), readers: [alice.who], ...(access === undefined ? {} : { access }) })
    const { outcomes: [outcome] } = await alice.conversations.merge(here.id, [bytes])
    if (outcome?.ok === false) return outcome.error
    for await (const action of here.actions({ from: cid })) return action
    throw new RangeError('it is not there')
  }
  const ignored = (action: DecodedAction | Error): string | undefined => action instanceof Error ? action.name : action.ignored

  it('stays in the log without effect where they may not', async () => {
    expect(ignored(await write('read', { verb: 'add', thing: 'message', message: bytes16(1), body: 'hi' }))).to.equal('its author may only read')
    const state = await here.state()
    expect(state.messages.map(({ body }) => body)).to.deep.equal(['hello'])
  })

  it('changes nobody’s words but their own', async () => {
    const edit: Content = { verb: 'modify', thing: 'message', message: Buffer.from(message, 'hex'), body: 'bye', follows: version }
    expect(ignored(await write('comment', edit))).to.equal('its author may only comment')
    expect((await here.state()).messages[0]).to.include({ body: 'hello' })
  })

  it('is refused by name where it is about who takes part', async () => {
    expect(ignored(await write('write', { verb: 'delete', thing: 'participant', person: publicKeyFromDid(alice.who.did) }))).to.equal('NotPermittedError')
    expect((await here.state()).participants).to.have.length(2)
  })

  it('has no effect when it says in clear other than it seals', async () => {
    const content: Content = { verb: 'add', thing: 'participant', person: publicKeyFromDid(bob.did), permission: 'full', history: 'all' }
    const action = await write('write', content)
    expect(ignored(action)).to.equal('what it says in clear about access differs from what it seals')
    expect((await here.state()).participants.find(({ did }) => did === bob.did)?.permission).to.equal('write')
  })

  it('is kept and told apart when it is of a later version, or of none', async () => {
    const later = await write('write', encode({ v: 1, verb: 'pin', thing: 'message', message: bytes16(1), until: 3 }))
    expect(later).to.deep.include({ content: undefined, unreadable: 'unknown-kind' })
    await world.clock.advance(1000)
    for (const [index, bytes] of [encode({ v: 1, verb: 'add', thing: 'message', body: 3 }), Uint8Array.of(1, 2, 3), encode({ v: 0, verb: 'add', thing: 'message' })].entries()) {
      const { heads } = await here.state()
      const other = await world.somebody(`Carol ${index}`)
      await alice.people.learnList(other.list.bytes)
      await here.invite(other.did)
      await world.clock.advance(1000)
      const written = await rogue(other, here.id, bytes, { seq: 0, after: (await here.state()).heads, epoch: 9, wallMs: world.clock.now(), readers: [alice.who] })
      const { outcomes: [outcome] } = await alice.conversations.merge(here.id, [written.bytes])
      expect(outcome?.ok).to.equal(false)
      const fits = await rogue(other, here.id, bytes, { seq: 0, after: (await here.state()).heads, epoch: 2 + index, wallMs: world.clock.now(), readers: [alice.who] })
      expect((await alice.conversations.merge(here.id, [fits.bytes])).refused).to.equal(0)
      for await (const { unreadable } of here.actions({ from: fits.cid })) expect(unreadable).to.equal('malformed')
      expect(heads).to.have.length(1)
    }
    expect((await here.state()).unreadable).to.equal(4)
    await here.say({ body: 'still here' })
  })

  it('takes no id from anybody: of two messages with the same bytes both are kept', async () => {
    const known = (await here.state()).messages.length
    const action = await write('write', { verb: 'add', thing: 'message', message: Buffer.from(message, 'hex'), body: 'mine' })
    expect(ignored(action)).to.equal(undefined)
    const { messages } = await here.state()
    expect(messages).to.have.length(known + 1)
    expect(messages.map(({ id }) => id)).to.deep.equal([message, `${message} ${bob.did}`])
    await here.edit(message, { body: 'still mine' })
    await here.erase(`${message} ${bob.did}`)
    const after = (await here.state()).messages
    expect(after.map(({ body, deleted }) => [body, deleted?.by])).to.deep.equal([['still mine', undefined], [undefined, alice.who.did]])
  })

  it('counts, though they were removed, where they had not seen that', async () => {
    await here.invite(bob.did)
    await world.clock.advance(1000)
    const { heads } = await here.state()
    await here.remove(bob.did)
    await world.clock.advance(1000)
    const { bytes } = await rogue(bob, here.id, { verb: 'add', thing: 'message', message: bytes16(1), body: 'and me?' }, { seq: 0, after: heads, epoch: 1, wallMs: world.clock.now(), readers: [alice.who] })
    expect((await alice.conversations.merge(here.id, [bytes])).refused).to.equal(0)
    const state = await here.state()
    expect(state.messages.map(({ body }) => body)).to.deep.equal(['hello', 'and me?'])
    expect(state.participants.map(({ did }) => did)).to.deep.equal([alice.who.did])
    expect(state.former).to.deep.equal([{ did: bob.did, name: 'Bob', at: state.former[0]?.at, by: alice.who.did }])
    const other = await world.replica(alice.who)
    await carry(alice, other, here.id)
    expect(await (await other.conversations.open(here.id)).state()).to.deep.equal(state)
  })
})
