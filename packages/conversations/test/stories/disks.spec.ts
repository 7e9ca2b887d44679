import type { CID, Store } from '@parley/core'
import { decryptContent } from '@parley/identity'
import { expect } from 'chai'
import { toString } from 'uint8arrays'
import { parseAction } from '../../src/format/parse-action.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import { blocksOf, type Replica, type World } from '../log/world.ts'
import { createPeers, type Peer } from '../sync/peers.ts'

const SECRET = 'the sparrow flies at midnight'
const BEFORE = 'the weather is fine'

/** Returns everything that a store holds, as one text of hex. */
async function bytesOf (store: Store): Promise<string> {
  const parts: string[] = []
  for await (const { key, value } of store.entries('/')) parts.push(toString(new TextEncoder().encode(key), 'hex'), toString(value, 'hex'))
  for await (const { bytes } of store.blockstore.getAll()) {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    parts.push(...chunks.map(chunk => toString(chunk, 'hex')))
  }
  return parts.join('\n')
}

const hexOf = (text: string): string => toString(new TextEncoder().encode(text), 'hex')

/** Returns the keys of conversations that a device has, by its own key vault. */
async function keysOf ({ conversations }: Replica): Promise<Uint8Array[]> {
  await conversations.keepKeys()
  const keys: Uint8Array[] = []
  for await (const { value } of (await conversations.home()).list('keys')) keys.push(value)
  return keys
}

/** Tells which of the keys open an action, by hand. */
function opening (keys: Uint8Array[], block: Uint8Array): Uint8Array[] {
  const { bytes, authorAt, conversationAt, seq, sealed } = parseAction(block)
  const context = sealingContext(bytes.subarray(conversationAt, conversationAt + 32), bytes.subarray(authorAt, authorAt + 32), seq)
  return keys.filter(key => {
    try {
      decryptContent(key, sealed, context)
      return true
    } catch {
      return false
    }
  })
}

async function bodies (replica: Replica, id: CID): Promise<Array<string | undefined>> {
  return (await (await replica.conversations.open(id)).state()).messages.map(({ body }) => body)
}

describe('the disk', () => {
  /** Alice and Bob write, and Alice's proxy keeps it; Bob is gone from `after` on. */
  async function story (seed: number, leave: (world: World, alice: Peer, bob: Peer, id: CID) => Promise<void>): Promise<{ alice: Peer, bob: Peer, proxy: Peer, id: CID, end(): Promise<void> }> {
    const peers = createPeers(seed)
    const { world } = peers
    const a = await world.somebody('Alice')
    const p = await world.device(a, ['proxy'])
    const b = await world.somebody('Bob')
    const [alice, bob, proxy] = [await peers.peer(a), await peers.peer(b), await peers.peer(p, { serves: [a.did] })]
    const there = await alice.conversations.create({ subject: 'Birds', participants: [b.did] })
    await there.say({ body: BEFORE })
    await alice.sync.sync(there.id, bob.target)
    expect(await bob.conversations.keepKeys()).to.equal(true)
    await leave(world, alice, bob, there.id)
    await world.introduce(alice)
    await (await alice.conversations.open(there.id)).say({ body: SECRET })
    await alice.sync.sync(there.id, proxy.target)
    return { alice, bob, proxy, id: there.id, end: async () => { await peers.stop() } }
  }
  for (const { who, seed, leave } of [
    { who: 'of somebody who was removed', seed: 71, async leave (_world: World, alice: Peer, bob: Peer, id: CID) { await (await alice.conversations.open(id)).remove(bob.who.did) } },
    { who: 'of a device that was revoked', seed: 72, async leave (world: World, _alice: Peer, bob: Peer) {
      // Its person has another one.
      await world.device(bob.who)
      await world.revoke(bob.who)
    } }
  ]) {
    it(`${who} opens nothing of what follows, though all blocks should leak to it`, async () => {
      const { alice, bob, id, end } = await story(seed, leave)
      const blocks = await blocksOf(alice, id)
      await bob.conversations.merge(id, blocks)
      expect(await bodies(bob, id)).to.deep.equal([BEFORE])
      const [last = new Uint8Array()] = blocks.slice(-1)
      const his = await keysOf(bob)
      expect(opening(his, last)).to.deep.equal([])
      expect(opening(await keysOf(alice), last)).to.have.length(1)
      expect(blocks.filter(block => block.length > 256 && opening(his, block).length > 0).length).to.be.above(0)
      expect((await bytesOf(bob.store)).includes(hexOf(SECRET))).to.equal(false)
      await end()
    })
  }

  it('of a proxy holds no word of it and none of its keys', async () => {
    const { alice, proxy, id, end } = await story(73, async () => {})
    const disk = await bytesOf(proxy.store)
    for (const text of [SECRET, BEFORE, 'Birds']) expect(disk.includes(hexOf(text)), text).to.equal(false)
    const keys = await keysOf(alice)
    expect(keys.length).to.be.above(0)
    for (const key of keys) expect(disk.includes(toString(key, 'hex'))).to.equal(false)
    expect(await blocksOf(proxy, id)).to.deep.equal(await blocksOf(alice, id))
    await end()
  })
})
