import type { CID } from '@parley/core'
import { expect } from 'chai'
import { SYNC_PROTOCOL } from '../../src/index.ts'
import { syncFrameCodec, type SyncFrame } from '../../src/sync/frames.ts'
import { blocksOf, nameOfRejection } from '../log/world.ts'
import { createPeers, write, type Peer, type Peers } from '../sync/peers.ts'

describe('a purged conversation, over sync', () => {
  let peers: Peers
  let alice: Peer
  let bob: Peer
  let id: CID
  let other: CID

  beforeEach(async () => {
    peers = createPeers()
    const [a, b] = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob')]
    alice = await peers.peer(a)
    bob = await peers.peer(b)
    id = (await alice.conversations.create({ subject: 'Boats', participants: [b.did] })).id
    other = (await alice.conversations.create({ subject: 'Sails', participants: [b.did] })).id
    await write({ ...alice, world: peers.world }, id, 3)
    await alice.sync.syncAll(bob.target)
  })
  afterEach(async () => { await peers.stop() })

  it('is not fetched by a list, and other conversations are', async () => {
    await alice.conversations.purge(id, { anyway: true })
    await write({ ...bob, world: peers.world }, id, 1)
    await write({ ...bob, world: peers.world }, other, 2)
    const { outcomes } = await alice.sync.syncAll(bob.target)
    expect(outcomes.map(({ ok, conversation }) => [ok, conversation.toString()])).to.deep.equal([[true, other.toString()]])
    expect(await alice.conversations.holder(id).exists()).to.equal(false)
  })

  it('is not wanted when a participant offers it, who is told so by name', async () => {
    await alice.conversations.purge(id, { anyway: true })
    expect(await nameOfRejection(bob.sync.sync(id, alice.target))).to.equal('PurgedConversationError')
    expect(await nameOfRejection(alice.sync.sync(id, bob.target))).to.equal('PurgedConversationError')
    const { outcomes } = await bob.sync.syncAll(alice.target)
    expect(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name)).to.deep.equal(['PurgedConversationError'])
    expect(await alice.conversations.holder(id).exists()).to.equal(false)
  })

  it('looks to who was never in it like one that was never here', async () => {
    const carol = await peers.peer(await peers.world.somebody('Carol'))
    await peers.world.introduce(alice)
    await alice.conversations.purge(id, { anyway: true })
    const blocks = (await blocksOf(bob, id)).map(block => new Uint8Array(block))
    const answers: string[][] = []
    const unknown = await bob.conversations.create({ subject: 'Oars', participants: [] })
    for (const [conversation, sent] of [[id, blocks], [unknown.id, (await blocksOf(bob, unknown.id)).map(block => new Uint8Array(block))]] as const) {
      const stream = await carol.network.open(alice.target, SYNC_PROTOCOL)
      const frames: SyncFrame[] = [{ v: 1, type: 'hello', conversation, live: false, cards: [], frontier: [] }, { v: 1, type: 'batch', n: 0, blocks: sent }]
      for (const frame of frames) await stream.send(syncFrameCodec.encode(frame))
      const told: string[] = []
      for await (const bytes of stream) {
        const frame = syncFrameCodec.decode(bytes)
        told.push(frame.type === 'refuse' ? frame.message : frame.type)
      }
      answers.push(told)
    }
    expect(answers[0]).to.deep.equal(answers[1])
    expect(await alice.conversations.holder(id).exists()).to.equal(false)
  })

  it('ends a live sync of it', async () => {
    const isCurrent = new Promise<void>(resolve => { bob.sync.on('current', () => { resolve() }) })
    const live = nameOfRejection(bob.sync.sync(id, alice.target, { live: true }))
    await isCurrent
    await alice.conversations.purge(id, { anyway: true })
    expect(await live).to.equal('PurgedConversationError')
  })

  it('comes again from a peer once its purge is forgotten', async () => {
    await alice.conversations.purge(id, { anyway: true })
    await alice.conversations.forgetPurge(id)
    await alice.sync.syncAll(bob.target)
    expect((await (await alice.conversations.open(id)).state()).messages).to.have.length(3)
  })
})
