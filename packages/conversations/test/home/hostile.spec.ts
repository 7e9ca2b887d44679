import { createSeededRandom, sha256, type CID } from '@parley/core'
import { encryptContent, publicKeyFromDid, sealTo } from '@parley/identity'
import { expect } from 'chai'
import { compare } from 'uint8arrays'
import { encodeContent } from '../../src/actions/registry.ts'
import { encodeBasics, homeBasics } from '../../src/format/basics.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import type { Content } from '../../src/index.ts'
import { encodeKeys } from '../../src/read/keyring.ts'
import type { AccessChange } from '../../src/format/access-change.ts'
import { forge } from '../log/forge.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type Somebody, type World } from '../log/world.ts'
import { createPeers } from '../sync/peers.ts'
import { bytes, collectionOf, message, text, unreadable, vaulted } from './support.ts'

/** What an author writes who keeps no rule but those that a replica checks before it stores. */
async function written (by: Somebody, id: CID, content: Content, { seq, follows, readers, access, epochs = [0] }: { seq: number, follows?: CID, readers: Somebody[], access?: AccessChange, epochs?: number[] }): Promise<Uint8Array> {
  const random = createSeededRandom(seq + 1)
  const keys = epochs.map(epoch => ({ epoch, key: random(32) }))
  const context = sealingContext(id.multihash.digest, by.device.signer.publicKey, seq)
  const copies = await sealTo(readers.map(({ device }) => ({ device: device.did, sealing: device.sealing.publicKey })), 'conversation-key', encodeKeys(keys), context)
  const { bytes: block } = await forge(by, id, {
    seq,
    ...(follows === undefined ? {} : { follows }),
    ...(access === undefined ? {} : { access }),
    keys: copies.sort((a, b) => compare(a.device, b.device)),
    sealed: encryptContent(keys[0]?.key ?? random(32), encodeContent(content), context, random)
  })
  return block
}

describe('a home log that somebody tampers with', () => {
  let world: World
  let alice: Somebody
  let bob: Somebody
  let phone: Replica
  let id: CID

  beforeEach(async () => {
    world = createWorld(21)
    ;[alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    phone = await world.replica(alice)
    const home = await phone.conversations.home()
    id = home.id
    await home.put('profile', 'name', bytes('Alice'))
    // Later than any time of `forge`.
    await world.clock.advance(60_000)
  })
  const newest = async (): Promise<{ seq: number, cid: CID }> => {
    const [entry] = await phone.conversations.holder(id).frontier()
    if (entry === undefined) throw new RangeError('the log is empty')
    return entry
  }

  it('never lets anybody else in, whatever its own devices write', async () => {
    const { seq, cid } = await newest()
    const access: AccessChange = { add: [{ person: publicKeyFromDid(bob.did), permission: 'full', history: 'all' }], remove: [] }
    const content: Content = { verb: 'add', thing: 'participant', person: publicKeyFromDid(bob.did), permission: 'write', history: 'all' }
    const block = await written(alice, id, content, { seq: seq + 1, follows: cid, readers: [alice], access })
    const other = await world.replica(alice)
    await carry(phone, other, id)
    for (const replica of [phone, other]) {
      expect((await replica.conversations.merge(id, [block])).refused).to.equal(0)
      expect(await replica.conversations.holder(id).access()).to.deep.equal([alice.did])
      const state = await (await replica.conversations.open(id)).state()
      expect(state.participants.map(({ did }) => did)).to.deep.equal([alice.did])
    }
    const again = await world.replica(alice, { store: phone.store })
    expect(await again.conversations.holder(id).access()).to.deep.equal([alice.did])
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice A.'))
    const [last = new Uint8Array()] = (await blocksOf(phone, id)).slice(-1)
    expect(Buffer.from(last).includes(Buffer.from(bob.device.signer.publicKey))).to.equal(false)
  })

  it('takes no record along with a change of who may hold it', async () => {
    const { seq, cid } = await newest()
    const access: AccessChange = { add: [{ person: publicKeyFromDid(bob.did), permission: 'full', history: 'all' }], remove: [] }
    const block = await written(alice, id, { verb: 'put', thing: 'record', collection: 'profile', key: 'name', value: bytes('Mallory') }, { seq: seq + 1, follows: cid, readers: [alice], access })
    expect((await phone.conversations.merge(id, [block])).refused).to.equal(0)
    expect(text(await (await phone.conversations.home()).get('profile', 'name'))).to.equal('Alice')
  })

  it('holds no words', async () => {
    const here = await phone.conversations.open(id)
    for (const content of [message(1), { verb: 'add', thing: 'participant', person: publicKeyFromDid(bob.did), permission: 'read', history: 'all' }, { verb: 'delete', thing: 'participant', person: publicKeyFromDid(alice.did) }] satisfies Content[]) {
      expect(await nameOfRejection(here.append(content))).to.equal('NotPermittedError')
    }
    const { seq, cid } = await newest()
    const block = await written(alice, id, message(1), { seq: seq + 1, follows: cid, readers: [alice] })
    await phone.conversations.merge(id, [block])
    const state = await here.state()
    expect([state.messages, state.unreadable]).to.deep.equal([[], 0])
  })

  it('is nobody else’s to write or to begin', async () => {
    const list = await phone.people.list(alice.did)
    const { bytes: basics } = encodeBasics(homeBasics(publicKeyFromDid(alice.did), list?.created ?? 0))
    const record: Content = { verb: 'put', thing: 'record', collection: 'profile', key: 'name', value: bytes('Mallory') }
    const own = await written(bob, id, record, { seq: 0, readers: [alice] })
    const posing = await written({ ...alice, device: bob.device }, id, record, { seq: 0, readers: [alice] })
    const { cid } = await newest()
    const { bytes: after } = await forge(bob, id, { after: [cid] })
    for (const replica of [phone, await world.replica(await world.device(alice))]) {
      const { outcomes } = await replica.conversations.merge(id, [basics, own, posing, after])
      expect(outcomes.filter(({ ok }) => !ok).length).to.equal(3)
      expect(await collectionOf(await replica.conversations.home(), 'profile')).to.deep.equal(replica === phone ? { name: 'Alice' } : {})
    }
  })

  it('refuses each of its blocks by name when a byte of it is another', async function () {
    this.timeout(30_000)
    const [basics = new Uint8Array(), ...blocks] = await blocksOf(phone, id)
    const random = createSeededRandom(5)
    const replica = await world.replica(alice)
    await replica.conversations.merge(id, [basics])
    for (let round = 0; round < 300; round++) {
      const [which = 0, high = 0, low = 0, flip = 0] = random(4)
      const block = (blocks[which % blocks.length] ?? new Uint8Array()).slice()
      const at = (high << 8 | low) % block.length
      block[at] = (block[at] ?? 0) ^ (flip === 0 ? 1 : flip)
      const { outcomes, stored } = await replica.conversations.merge(id, [block])
      expect(stored).to.deep.equal([])
      for (const outcome of outcomes) if (!outcome.ok) expect(outcome.error.name).to.match(/Error$/).and.not.to.match(/^(Type|Range|Reference)?Error$/)
    }
    await replica.conversations.merge(id, blocks)
    expect(text(await (await replica.conversations.home()).get('profile', 'name'))).to.equal('Alice')
  })

  it('is the only place of records', async () => {
    const here = await phone.conversations.create({ subject: 's', participants: [bob.did] })
    const record: Content = { verb: 'put', thing: 'record', collection: 'profile', key: 'name', value: bytes('Mallory') }
    expect(await nameOfRejection(here.append(record))).to.equal('NotPermittedError')
    // As another's software might send it: the first action of a conversation with us.
    const { bytes: basics, cid } = encodeBasics({ v: 1, creator: publicKeyFromDid(bob.did), time: 5, subject: sha256(bytes('s')) })
    const block = await written(bob, cid, record, { seq: 0, readers: [alice], access: { add: [{ person: publicKeyFromDid(alice.did), permission: 'full', history: 'all' }], remove: [] } })
    expect((await phone.conversations.merge(cid, [basics, block])).refused).to.equal(0)
    expect(await unreadable(phone, cid)).to.equal(0)
    expect(text(await (await phone.conversations.home()).get('profile', 'name'))).to.equal('Alice')
  })
})

describe('a participant who seals more keys than there are', () => {
  it('fills nobody’s vault', async () => {
    const world = createWorld(22)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    await world.clock.advance(60_000)
    const phone = await world.replica(alice)
    const { bytes: basics, cid } = encodeBasics({ v: 1, creator: publicKeyFromDid(bob.did), time: 5, subject: sha256(bytes('s')) })
    const epochs = [0, ...Array.from({ length: 500 }, (_none, number) => number % 2 === 0 ? 0 : number)]
    const block = await written(bob, cid, message(1), { seq: 0, readers: [alice], epochs })
    expect((await phone.conversations.merge(cid, [basics, block])).refused).to.equal(0)
    await vaulted(phone)
    expect(Object.keys(await collectionOf(await phone.conversations.home(), 'keys'))).to.have.length(8)
    expect(await unreadable(phone, cid)).to.equal(0)
  })
})

describe('a home log on the network', () => {
  it('goes to nobody but its owner’s devices, and comes from nobody else', async () => {
    const peers = createPeers(23)
    const [alice, bob] = [await peers.world.somebody('Alice'), await peers.world.somebody('Bob')]
    const [phone, other] = [await peers.peer(alice), await peers.peer(bob)]
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice'))
    // A conversation of both, so that they have something to talk about.
    await phone.conversations.create({ subject: 's', participants: [bob.did] })
    await other.sync.syncAll(phone.target)
    expect(await other.conversations.holder(home.id).exists()).to.equal(false)
    expect(await nameOfRejection(other.sync.sync(home.id, phone.target))).to.equal('NotAllowedError')
    expect(await nameOfRejection(phone.sync.sync(home.id, other.target))).to.equal('NotAllowedError')

    const [basics = new Uint8Array()] = await blocksOf(phone, home.id)
    const fresh = await peers.peer(await peers.world.device(alice))
    await peers.world.introduce(other)
    await other.conversations.merge(home.id, [basics, (await forge(bob, home.id, { access: { add: [{ person: publicKeyFromDid(bob.did), permission: 'full', history: 'all' }], remove: [] } })).bytes])
    expect(await nameOfRejection(other.sync.sync(home.id, fresh.target))).to.equal('NotAllowedError')
    expect(await fresh.conversations.holder(home.id).exists()).to.equal(false)
    await peers.stop()
  })
})
