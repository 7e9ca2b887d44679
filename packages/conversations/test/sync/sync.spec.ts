import { expect } from 'chai'
import { silentLogger, type CID } from '@parley/core'
import { createSync, SYNC_PROTOCOL } from '../../src/index.ts'
import { nameOfRejection } from '../log/world.ts'
import { createPeers, fragile, logOf, write, type Peer, type Peers } from './peers.ts'

/** Resolves when a replica has stored as many actions of others as given. */
async function stored ({ conversations }: Peer, count: number): Promise<void> {
  let left = count
  await new Promise<void>(resolve => {
    const off = conversations.on('action', ({ local }) => {
      if (local || --left > 0) return
      off()
      resolve()
    })
  })
}

describe('the sync of a conversation', () => {
  let peers: Peers
  let alice: Peer
  let bob: Peer
  let id: CID

  beforeEach(async () => {
    peers = createPeers()
    const [a, b] = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob')]
    alice = await peers.peer(a)
    bob = await peers.peer(b)
    id = (await alice.conversations.create({ subject: 'lunch', participants: [b.did] })).id
  })
  afterEach(async () => { await peers.stop() })
  const say = async (peer: Peer, count: number): Promise<void> => { await write({ ...peer, world: peers.world }, id, count) }

  it('gives a peer a conversation that it did not know', async () => {
    await say(alice, 5)
    const result = await alice.sync.sync(id, bob.target)
    expect(result.refused).to.equal(0)
    expect(await logOf(bob, id)).to.deep.equal(await logOf(alice, id))
    expect((await (await bob.conversations.open(id)).state()).subject).to.equal('lunch')
  })

  it('fetches a conversation that we did not know', async () => {
    await say(alice, 5)
    const result = await bob.sync.sync(id, alice.target)
    expect(result.received).to.be.greaterThan(5)
    expect(await logOf(bob, id)).to.deep.equal(await logOf(alice, id))
  })

  it('brings both what the other wrote, and then nothing twice', async () => {
    await alice.sync.sync(id, bob.target)
    await say(alice, 40)
    await say(bob, 30)
    const result = await alice.sync.sync(id, bob.target)
    expect(result).to.include({ sent: 40, received: 30, refused: 0, refusedByPeer: 0 })
    expect(await logOf(bob, id)).to.deep.equal(await logOf(alice, id))
    expect(await bob.sync.sync(id, alice.target)).to.include({ sent: 0, received: 0 })
  })

  it('tells its progress', async () => {
    const told: number[] = []
    let current = 0
    bob.sync.on('progress', progress => { told.push(progress.received) })
    bob.sync.on('current', () => { current++ })
    await say(alice, 5)
    await bob.sync.sync(id, alice.target)
    expect(told.at(-1)).to.be.greaterThan(5)
    expect(current).to.equal(1)
  })

  it('converges between three, one of them a holder without keys', async () => {
    const proxy = await peers.world.device(bob.who, ['proxy'])
    const holder = await peers.peer(proxy, { serves: [bob.who.did] })
    for (const peer of [alice, bob]) await peers.world.introduce(peer)
    await say(alice, 10)
    await alice.sync.sync(id, holder.target)
    await bob.sync.sync(id, holder.target)
    await say(bob, 10)
    await say(alice, 10)
    await bob.sync.sync(id, holder.target)
    await alice.sync.sync(id, holder.target)
    await bob.sync.sync(id, holder.target)
    const expected = await logOf(alice, id)
    expect(await logOf(bob, id)).to.deep.equal(expected)
    expect(await logOf(holder, id)).to.deep.equal(expected)
    expect((await (await bob.conversations.open(id)).state()).messages).to.have.length(30)
  })

  it('teaches each side the people that the other knows', async () => {
    const carol = await peers.world.somebody('Carol')
    const third = await peers.peer(carol, { without: [alice.who] })
    await peers.world.introduce(alice)
    await peers.card(alice)
    const { id: other } = await alice.conversations.create({ subject: 'dinner', participants: [carol.did] })
    await alice.sync.sync(other, third.target)
    expect(await third.people.list(alice.who.did)).to.have.property('person', alice.who.did)
    expect(await logOf(third, other)).to.deep.equal(await logOf(alice, other))
  })

  it('goes on where it was after a cut at any frame', async function () {
    this.timeout(20_000)
    await alice.sync.sync(id, bob.target)
    for (let frames = 0; frames < 9; frames++) {
      await say(alice, 3)
      await say(bob, 3)
      const cut = await createSync({ ...components(alice), network: fragile(alice.network, frames) })
      expect(await nameOfRejection(cut.sync(id, bob.target))).to.be.oneOf(['SyncInterruptedError', 'none'])
      await cut.stop()
      expect((await alice.sync.sync(id, bob.target)).refused).to.equal(0)
      expect(await logOf(bob, id), `after ${frames} frames`).to.deep.equal(await logOf(alice, id))
    }
  })

  it('ends with the reason of a signal', async () => {
    const reason = new Error('enough')
    expect(await nameOfRejection(alice.sync.sync(id, bob.target, { signal: AbortSignal.abort(reason) }))).to.equal('Error')
  })

  it('refuses a stranger in words, and shows nothing', async () => {
    const eve = await peers.peer(await peers.world.somebody('Eve'))
    const error = await eve.sync.sync(id, alice.target).catch((error: unknown) => error as Error)
    expect(error).to.have.property('name', 'NotAllowedError')
    expect(error).to.have.property('message').that.matches(/device list/)
    await peers.world.introduce(alice)
    const known = await eve.sync.sync(id, alice.target).catch((error: unknown) => error as Error)
    expect(known).to.have.property('message').that.matches(/may not see this conversation/)
    expect(await eve.conversations.holder(id).exists()).to.equal(false)
  })

  it('offers nothing to a peer that may not see it', async () => {
    const eve = await peers.peer(await peers.world.somebody('Eve'))
    await peers.world.introduce(alice)
    expect(await nameOfRejection(alice.sync.sync(id, eve.target))).to.equal('NotAllowedError')
  })

  it('refuses a revoked device', async () => {
    await peers.world.revoke(bob.who)
    await peers.world.introduce(alice)
    expect(await nameOfRejection(bob.sync.sync(id, alice.target))).to.equal('NotAllowedError')
  })

  describe('live', () => {
    let over: AbortController
    let done: Promise<unknown>
    beforeEach(async () => {
      over = new AbortController()
      const current = new Promise(resolve => { alice.sync.on('current', resolve) })
      done = alice.sync.sync(id, bob.target, { live: true, signal: over.signal })
      await current
    })

    it('gives what is written to the other at once, both ways, and nothing back', async () => {
      const heard = stored(bob, 1)
      await say(alice, 1)
      await heard
      const answered = stored(alice, 3)
      await say(bob, 3)
      await answered
      over.abort()
      expect(await done).to.include({ received: 3 })
      expect(await logOf(bob, id)).to.deep.equal(await logOf(alice, id))
    })

    it('does not lose what comes faster than it is sent', async function () {
      this.timeout(20_000)
      const heard = stored(bob, 600)
      for (let turn = 0; turn < 6; turn++) await say(alice, 100)
      await heard
      over.abort()
      await done
      expect(await logOf(bob, id)).to.deep.equal(await logOf(alice, id))
    })

    it('ends when this side stops', async () => {
      await alice.sync.stop()
      await done
      expect(await nameOfRejection(alice.sync.sync(id, bob.target))).to.equal('StoppedError')
    })

    it('ends by name when the link breaks', async () => {
      const heard = stored(bob, 1)
      await say(alice, 1)
      await heard
      peers.networks.cut(alice.network.peerId, bob.network.peerId)
      expect(await nameOfRejection(done)).to.equal('SyncInterruptedError')
    })
  })

  describe('of everything that two hold', () => {
    it('fetches what is unknown, offers what the other lacks and leaves what is equal', async () => {
      await alice.sync.sync(id, bob.target)
      const theirs = (await bob.conversations.create({ subject: 'from Bob', participants: [alice.who.did] })).id
      const ours = (await alice.conversations.create({ subject: 'from Alice', participants: [bob.who.did] })).id
      const result = await alice.sync.syncAll(bob.target)
      expect(result.unchanged).to.equal(1)
      expect(result.outcomes.map(outcome => outcome.ok)).to.deep.equal([true, true])
      for (const each of [theirs, ours]) expect(await logOf(bob, each)).to.deep.equal(await logOf(alice, each))
      expect(await alice.sync.syncAll(bob.target)).to.deep.equal({ unchanged: 3, outcomes: [] })
    })

    it('lists to nobody what they may not see', async () => {
      const eve = await peers.peer(await peers.world.somebody('Eve'))
      await peers.world.introduce(alice)
      expect(await eve.sync.syncAll(alice.target)).to.deep.equal({ unchanged: 0, outcomes: [] })
    })
  })

  function components (peer: Peer): Parameters<typeof createSync>[0] {
    return { network: peer.network, conversations: peer.conversations, people: peer.people, device: peer.who.device, person: peer.who.did, logger: silentLogger, clock: peers.world.clock }
  }
})

describe('the protocol', () => {
  it('has the name that its specification gives it', () => { expect(SYNC_PROTOCOL).to.equal('/parley/sync/1') })
})
