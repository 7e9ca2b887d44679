import { type CID, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { MAX_HELD } from '../../src/merge/held-actions.ts'
import { forge } from '../log/forge.ts'
import { blocksOf } from '../log/world.ts'
import { createPeers, logOf, write, type Peer, type Peers } from '../sync/peers.ts'

/** A store that counts the bytes that are put. */
function measured (): { store: Store, written(): number } {
  const inner = createMemoryStore()
  let sum = 0
  const store: Store = {
    ...inner,
    async commit (changes, options) {
      for (const change of changes) if (change.type === 'put') sum += change.value.byteLength
      await inner.commit(changes, options)
    }
  }
  return { store, written: () => { const was = sum; sum = 0; return was } }
}

describe('a participant who writes what no honest device would', function () {
  this.timeout(60_000)

  let peers: Peers
  let alice: Peer
  let carol: Peer
  let mallory: Awaited<ReturnType<Peers['world']['somebody']>>
  let id: CID
  let added: CID
  let disk: ReturnType<typeof measured>

  beforeEach(async () => {
    peers = createPeers(31)
    disk = measured()
    const [a, c] = [await peers.world.somebody('Alice'), await peers.world.somebody('Carol')]
    mallory = await peers.world.somebody('Mallory')
    alice = await peers.peer(a)
    carol = await peers.peer(c)
    const conversation = await alice.conversations.create({ subject: 'lunch', participants: [c.did, mallory.did] })
    id = conversation.id
    for await (const { cid } of conversation.actions()) added = cid
  })
  afterEach(async () => { await peers.stop() })

  /** Branches of one device, each of one action. */
  const branches = async (count: number, fields: (branch: number) => Parameters<typeof forge>[2] = () => ({})): Promise<Uint8Array[]> => {
    const blocks: Uint8Array[] = []
    for (let branch = 0; branch < count; branch++) {
      blocks.push((await forge(mallory, id, { after: [added], time: { wallMs: Math.floor(peers.world.clock.now()) + 1000, counter: branch, offsetMinutes: 0 }, ...fields(branch) })).bytes)
    }
    return blocks
  }

  it('forks a thousand times: told once each, kept, and others go on in sync', async () => {
    let forked = 0
    alice.conversations.on('forked', () => { forked++ })
    const { stored } = await alice.conversations.merge(id, await branches(1000))
    expect(stored).to.have.length(1000)
    expect(forked).to.equal(999)
    await alice.sync.sync(id, carol.target)
    await write({ ...alice, world: peers.world }, id, 5)
    await write({ ...carol, world: peers.world }, id, 5)
    const result = await alice.sync.sync(id, carol.target)
    expect(result).to.include({ sent: 5, received: 5 })
    expect(await logOf(alice, id)).to.deep.equal(await logOf(carol, id))
  })

  it('leaves thousands of heads: what is written with an action does not grow with them', async () => {
    const replica = await peers.world.replica(alice.who, { store: disk.store })
    await replica.conversations.merge(id, await blocksOf(alice, id))
    const conversation = await replica.conversations.open(id)
    const cost = async (): Promise<number> => {
      disk.written()
      await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(peers.world.random(16)), body: 'x' })
      return disk.written()
    }
    const before = await cost()
    await replica.conversations.merge(id, await branches(1000))
    // Each action takes in 64 heads, and says which they were.
    expect(await cost()).to.be.below(before + 64 * 4)
    for (let take = 0; take < 20; take++) await cost()
    expect(await cost()).to.be.below(before + 8)
    const again = await peers.world.replica(alice.who, { store: disk.store })
    expect(await logOf(again, id)).to.deep.equal(await logOf(replica, id))
    // Its newest action follows everything: the heads were read back as they were.
    await (await again.conversations.open(id)).append({ verb: 'add', thing: 'message', message: new Uint8Array(peers.world.random(16)), body: 'y' })
    expect((await carol.conversations.merge(id, await blocksOf(again, id))).refused).to.equal(0)
  })

  it('changes who is in a thousand times at once: the disk grows as the log does', async () => {
    const replica = await peers.world.replica(alice.who, { store: disk.store })
    await replica.conversations.merge(id, await blocksOf(alice, id))
    const blocks = await branches(1000, branch => ({ access: { add: [{ person: new Uint8Array(32).fill(branch % 256, 0, 16).fill(branch >> 8, 16), permission: 'read', history: 'all' }], remove: [] } }))
    disk.written()
    const { stored } = await replica.conversations.merge(id, blocks)
    expect(stored).to.have.length(1000)
    const logBytes = blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(disk.written()).to.be.below(logBytes)
    expect(await replica.conversations.holder(id).access()).to.have.length(1003)
  })

  it('sends what follows nothing that is here: at most 1,024 of it is held, and the rest is refused by name', async () => {
    const missing = await forge(mallory, id, { after: [added], sealed: new Uint8Array(40).fill(1) })
    const blocks = await branches(1500, () => ({ after: [missing.cid] }))
    const { outcomes } = await alice.conversations.merge(id, blocks)
    expect(outcomes.filter(outcome => !outcome.ok && outcome.held)).to.have.length(MAX_HELD)
    expect(new Set(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name))).to.deep.equal(new Set(['MissingParentError']))
    expect(await alice.conversations.holder(id).missing()).to.have.length.at.most(MAX_HELD)
    await write({ ...carol, world: peers.world }, (await alice.sync.sync(id, carol.target)).conversation, 3)
    expect(await alice.sync.sync(id, carol.target)).to.include({ received: 3 })
  })

  it('writes by devices that nobody knows, or that were revoked: refused by name, and no author is remembered', async () => {
    const strangers = await Promise.all(Array.from({ length: 200 }, async () => await peers.world.device(mallory)))
    const blocks = await Promise.all(strangers.map(async stranger => (await forge(stranger, id, { after: [added], time: { wallMs: Math.floor(peers.world.clock.now()) + 1000, counter: 0, offsetMinutes: 0 } })).bytes))
    const before = await logOf(alice, id)
    const { outcomes } = await alice.conversations.merge(id, blocks)
    expect(new Set(outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name))).to.deep.equal(new Set(['UnknownDeviceError']))
    await peers.world.revoke(mallory)
    await peers.world.clock.advance(10_000)
    await peers.world.introduce(alice)
    const revoked = await alice.conversations.merge(id, await branches(200))
    expect(new Set(revoked.outcomes.map(outcome => outcome.ok ? 'ok' : outcome.error.name))).to.deep.equal(new Set(['ForbiddenByRoleError']))
    expect(await logOf(alice, id)).to.deep.equal(before)
  })
})
