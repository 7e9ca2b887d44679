import { silentLogger, type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import type { DecodedAction } from '../../src/index.ts'
import { blocksOf, carry, nameOfRejection, type Replica, type Somebody } from '../log/world.ts'
import { watchAccess } from '../../src/sync/access-watch.ts'
import { createOutgoing } from '../../src/sync/outgoing.ts'
import { createPeers, logOf, write, type Peer, type Peers } from './peers.ts'

describe('somebody who was removed', () => {
  let peers: Peers
  let alice: Peer
  let bob: Peer
  let mallory: Peer
  let mallorySelf: Somebody
  let id: CID
  /** What Alice's and Bob's devices put on the wire. */
  let frames: Uint8Array[]

  beforeEach(async () => {
    peers = createPeers(5)
    frames = []
    const people = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob'), await peers.world.somebody('Mallory')] as const
    const onSent = (frame: Uint8Array): void => { frames.push(frame) }
    alice = await peers.peer(people[0], { onSent })
    bob = await peers.peer(people[1], { onSent })
    mallorySelf = people[2]
    mallory = await peers.peer(mallorySelf)
    id = (await alice.conversations.create({ subject: 'plan', participants: [people[1].did, mallorySelf.did] })).id
    await say(alice, 3)
    await alice.sync.sync(id, bob.target)
  })
  afterEach(async () => { await peers.stop() })

  const say = async (peer: Peer, count: number): Promise<void> => { await write({ ...peer, world: peers.world }, id, count) }
  const remove = async (): Promise<void> => {
    await peers.world.clock.advance(10)
    await (await alice.conversations.open(id)).append({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(mallorySelf.did) })
    await peers.world.clock.advance(10)
  }
  const actionsOf = async (of: Replica): Promise<DecodedAction[]> => {
    const actions: DecodedAction[] = []
    for await (const action of (await of.conversations.open(id)).actions()) actions.push(action)
    return actions
  }
  const isRemoval = ({ content }: DecodedAction): boolean => content?.verb === 'delete' && content.thing === 'participant'
  /** Says which bytes of what came after the removal are in what was sent: its blocks, its seals or as much as their names. */
  const leaks = async (from: Replica, sent = frames): Promise<string[]> => {
    const actions = await actionsOf(from)
    const wire = sent.map(frame => Buffer.from(frame))
    return actions.slice(actions.findIndex(isRemoval) + 1).flatMap(({ bytes, cid }) => {
      const parts = [bytes.subarray(0, 64), bytes.subarray(-64), bytes.subarray(bytes.length >> 1, (bytes.length >> 1) + 32), cid.multihash.digest]
      return parts.some(part => wire.some(frame => frame.includes(Buffer.from(part)))) ? [cid.toString()] : []
    })
  }

  it('gets the removal and nothing that came later, not a byte', async () => {
    await mallory.sync.sync(id, alice.target)
    await remove()
    await say(alice, 5)
    await alice.sync.sync(id, bob.target)
    await say(bob, 5)
    // What looks for leaks finds what Bob was given.
    expect(await leaks(alice)).to.have.length(5)
    frames.length = 0
    await mallory.sync.sync(id, bob.target)
    await mallory.sync.syncAll(alice.target)
    await bob.sync.sync(id, mallory.target)
    expect(isRemoval((await actionsOf(mallory)).at(-1) as DecodedAction)).to.equal(true)
    expect(await leaks(bob)).to.deep.equal([])
    expect((await (await mallory.conversations.open(id)).state()).status).to.equal('removed')
    expect(await nameOfRejection(say(mallory, 1))).to.equal('NotAParticipantError')
  })

  it('gets on a new device what they could have had', async () => {
    await remove()
    await say(alice, 5)
    const tablet = await peers.peer(await peers.world.device(mallorySelf))
    for (const peer of [alice, tablet]) await peers.world.introduce(peer)
    frames.length = 0
    expect((await tablet.sync.syncAll(alice.target)).outcomes).to.have.length(1)
    expect(await tablet.conversations.holder(id).access()).to.not.include(mallorySelf.did)
    expect((await actionsOf(tablet))).to.have.length((await actionsOf(alice)).length - 5)
    expect(await leaks(alice)).to.deep.equal([])
  })

  it('gets nothing later by a live stream that was open at that moment', async () => {
    const stop = new AbortController()
    const current = new Promise<void>(resolve => { mallory.sync.on('current', () => { resolve() }) })
    const live = mallory.sync.sync(id, alice.target, { live: true, signal: stop.signal })
    await current
    const heard = new Promise<void>(resolve => { mallory.conversations.on('action', ({ action }) => { if (action.seq === 7) resolve() }) })
    await say(alice, 1)
    await remove()
    await say(alice, 4)
    await heard
    await say(alice, 4)
    // By its end the stream has handed out all that it ever will.
    stop.abort()
    await live.catch(() => {})
    expect(isRemoval((await actionsOf(mallory)).at(-1) as DecodedAction)).to.equal(true)
    expect(await leaks(alice)).to.deep.equal([])
  })

  it('gets nothing later while the log is still on its way', async () => {
    await alice.sync.sync(id, bob.target)
    const out = (await bob.conversations.holder(id).frontier())
    await write({ ...bob, world: peers.world }, id, 900)
    const outgoing = createOutgoing({ conversations: bob.conversations, logger: silentLogger }, {
      conversation: id,
      peer: 'mallory',
      frontier: out,
      live: false,
      accessWatch: watchAccess(bob.conversations, id, { signal: new AbortController().signal }),
      persons: async () => [],
      view: async () => {
        const [former] = await bob.conversations.holder(id).former()
        return former === undefined ? undefined : { through: former.through, andBy: [] }
      },
      beforeLive: async () => undefined,
      signal: new AbortController().signal
    })
    const first = await outgoing.next()
    expect(first).to.have.length.within(1, 800)
    // Before what Bob said by the clock, and stored now.
    await (await alice.conversations.open(id)).append({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(mallorySelf.did) })
    await carry(alice, bob, id)
    expect(await outgoing.next()).to.equal(undefined)
    outgoing.stop()
  })

  it('is in again on a live stream once they are added again', async () => {
    const stop = new AbortController()
    const current = new Promise<void>(resolve => { mallory.sync.on('current', () => { resolve() }) })
    const live = mallory.sync.sync(id, alice.target, { live: true, signal: stop.signal })
    await current
    await remove()
    await say(alice, 3)
    const heard = new Promise<void>(resolve => { mallory.conversations.on('action', ({ action }) => { if (action.seq === 12) resolve() }) })
    await (await alice.conversations.open(id)).append({ verb: 'add', thing: 'participant', person: publicKeyFromDid(mallorySelf.did), permission: 'write', history: 'all' })
    await say(alice, 2)
    await heard
    stop.abort()
    await live.catch(() => {})
    expect(await logOf(mallory, id)).to.deep.equal(await logOf(alice, id))
  })

  it('has a proxy that is told as much, and that hands on no more where it serves others too', async () => {
    const proxy = await peers.world.device(mallorySelf, ['proxy'])
    const onSent = (frame: Uint8Array): void => { frames.push(frame) }
    const own = await peers.peer(proxy, { serves: [mallorySelf.did], onSent })
    const shared = await peers.peer(await peers.world.somebody('Host'), { serves: [mallorySelf.did, bob.who.did], onSent })
    for (const peer of [alice, bob, mallory, shared]) await peers.world.introduce(peer)
    await mallory.sync.sync(id, alice.target)
    await remove()
    await say(alice, 5)
    frames.length = 0
    await own.sync.sync(id, alice.target)
    await mallory.sync.syncAll(own.target)
    expect(await leaks(alice)).to.deep.equal([])
    expect(isRemoval((await actionsOf(mallory)).at(-1) as DecodedAction)).to.equal(true)
    await carry(alice, shared, id)
    expect(await logOf(shared, id)).to.deep.equal(await logOf(alice, id))
    frames.length = 0
    await mallory.sync.syncAll(shared.target)
    expect(await leaks(alice)).to.deep.equal([])
  })

  it('has nothing to give or take when both know as much', async () => {
    await mallory.sync.sync(id, alice.target)
    // Said at once with the removal, and later by the clock: they have it, and it is not theirs to have.
    await alice.sync.sync(id, bob.target)
    await remove()
    await say(bob, 2)
    await mallory.sync.sync(id, bob.target)
    await bob.sync.sync(id, alice.target)
    await mallory.sync.sync(id, alice.target)
    expect(await mallory.sync.syncAll(alice.target)).to.deep.equal({ unchanged: 1, outcomes: [] })
    expect(await mallory.sync.sync(id, alice.target)).to.include({ sent: 0, received: 0 })
  })

  it('is heard with what they said before they knew', async () => {
    await mallory.sync.sync(id, alice.target)
    await remove()
    await say(mallory, 2)
    await mallory.sync.sync(id, bob.target)
    // Told by Alice before Alice has it from them.
    await carry(alice, mallory, id)
    await mallory.sync.sync(id, alice.target)
    const { messages } = await (await alice.conversations.open(id)).state()
    expect(messages.filter(({ author }) => author === mallorySelf.did)).to.have.length(2)
  })

  it('is no stranger: who never was in gets nothing', async () => {
    const eve = await peers.peer(await peers.world.somebody('Eve'))
    await peers.world.introduce(alice)
    frames.length = 0
    expect(await nameOfRejection(eve.sync.sync(id, alice.target))).to.equal('NotAllowedError')
    for (const block of await blocksOf(alice, id)) expect(frames.some(frame => Buffer.from(frame).includes(Buffer.from(block.subarray(-64))))).to.equal(false)
  })
})
