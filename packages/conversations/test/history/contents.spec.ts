import { encodeCanonical, sha256, silentLogger } from '@parley/core'
import { encryptContent, publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import { equals } from 'uint8arrays'
import type { AccessChange } from '../../src/format/parse-action.ts'
import { encodeAction } from '../../src/format/encode-action.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import { loadIndex } from '../../src/log/log-pages.ts'
import { createKeyring, type Keyring } from '../../src/read/keyring.ts'
import { createLogReader } from '../../src/read/log-reader.ts'
import { bytes16, createDinner, exchange, found, named, say, type Dinner } from './support.ts'

describe('verifying contents', () => {
  /** Signs an action with a seal of Bob's own making. */
  async function sealed (dinner: Dinner, content: Uint8Array, access?: AccessChange, key?: Uint8Array): Promise<Uint8Array> {
    const { bob, bobby, id, world } = dinner
    const author = bobby.device.signer.publicKey
    const prev = (await bob.conversations.holder(id).frontier()).find(entry => equals(entry.author, author))?.cid
    const others = (await (await bob.conversations.open(id)).state()).heads.filter(head => prev?.equals(head) !== true)
    const keys = key ?? (await keyringOf(dinner)).keys(0)[0] ?? new Uint8Array(32)
    const hash = id.multihash.digest
    const { block, body } = encodeAction({
      conversation: hash, author, person: publicKeyFromDid(bobby.did), seq: 2, prev: prev?.multihash.digest, heads: others.map(head => head.multihash.digest), epoch: 0, access,
      time: { wallMs: world.clock.now(), counter: 9, offsetMinutes: 0 },
      sealed: encryptContent(keys, content, sealingContext(hash, author, 2), world.random)
    })
    block.set(await bobby.device.signer.sign('action', body), block.length - 64)
    await bob.conversations.merge(id, [block])
    await exchange(bob, dinner.alice, id)
    return block
  }
  async function keyringOf ({ bob, bobby, id }: Dinner): Promise<Keyring> {
    const index = await loadIndex(bob.store, id)
    if (index === undefined) return createKeyring()
    const reader = createLogReader({ store: bob.store, openers: [{ publicKey: bobby.device.signer.publicKey, sealing: bobby.device.sealing }], logger: silentLogger }, id, index)
    await reader.catchUp(index)
    return reader.keyring
  }

  it('names a seal that opens with no key, what is no content, and what contradicts itself', async () => {
    const removal = { add: [], remove: [publicKeyFromDid((await createDinner()).bobby.did)] }
    const message = { v: 1, verb: 'add', thing: 'message', message: bytes16(9), body: 'Bye' }
    const cases: Array<[string, Parameters<typeof sealed> extends [unknown, ...infer Rest] ? Rest : never]> = [
      ['broken-seal', [encodeCanonical(message), undefined, sha256(Uint8Array.of(1))]],
      ['malformed-content', [encodeCanonical({ v: 1, verb: 'add', thing: 'message', message: 7 })]],
      ['clear-sealed-mismatch', [encodeCanonical(message), removal]]
    ]
    for (const [kind, args] of cases) {
      const dinner = await createDinner()
      const block = await sealed(dinner, ...args)
      const report = await dinner.alice.conversations.history.verify(dinner.id)
      expect(found(report), kind).to.deep.equal([[kind, named(block).cid.toString()]])
    }
  })

  it('notes what has no effect, and does not count it a fault', async () => {
    const dinner = await createDinner()
    const block = await sealed(dinner, encodeCanonical({ v: 1, verb: 'add', thing: 'reaction', message: bytes16(77), reaction: '👍' }))
    const report = await dinner.alice.conversations.history.verify(dinner.id)
    expect(report).to.include({ ok: true })
    expect(report.notes.map(({ kind, cid }) => [kind, cid?.toString()])).to.deep.equal([['no-effect', named(block).cid.toString()]])
  })

  it('names what an author knew they may not do', async () => {
    const dinner = await createDinner()
    const { alice, bob, bobby, id, world } = dinner
    await world.clock.advance(1000)
    await (await alice.conversations.open(id)).append({ verb: 'modify', thing: 'participant', person: publicKeyFromDid(bobby.did), permission: 'read' })
    await exchange(alice, bob, id)
    await world.clock.advance(1000)
    const block = await sealed(dinner, encodeCanonical({ v: 1, verb: 'add', thing: 'message', message: bytes16(9), body: 'Bye' }))
    expect(found(await alice.conversations.history.verify(id))).to.deep.equal([['not-permitted', named(block).cid.toString()]])
  })

  it('says how much somebody without keys cannot read', async () => {
    const dinner = await createDinner()
    const other = await dinner.world.somebody('Eve')
    const eve = await dinner.world.replica(other)
    await dinner.world.introduce(eve)
    await exchange(dinner.alice, eve, dinner.id)
    await say(dinner.world, dinner.alice, dinner.id, 8, 'More')
    expect(await eve.conversations.history.verify(dinner.id)).to.deep.include({ ok: true, contents: { read: 0, unreadable: 5 } })
  })
})
