import type { CID } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type Somebody, type World } from '../log/world.ts'
import { createPeers, type Peer, type Peers } from '../sync/peers.ts'
import { bytes, collectionOf, idsOf, message, phraseOf, text, unreadable, until, vaulted } from './support.ts'

describe('a device that is added later, with only a holder without keys on line', () => {
  let peers: Peers
  let alice: Somebody
  let bob: Somebody
  let phone: Peer
  let holder: Peer
  let id: CID

  /** Alice's phone and a holder of hers; a conversation with Bob that has two epochs; what the phone kept. */
  beforeEach(async () => {
    peers = createPeers(11)
    const { world } = peers
    alice = await world.somebody('Alice')
    bob = await world.somebody('Bob')
    const tablet = await world.device(bob)
    const proxy = await world.device(alice, ['proxy'])
    phone = await peers.peer(alice)
    holder = await peers.peer(proxy, { serves: [alice.did] })
    const here = await phone.conversations.create({ subject: 'Old times', participants: [bob.did] })
    id = here.id
    await here.append(message(1))
    await world.revoke(tablet)
    await world.introduce(phone)
    await world.clock.advance(10)
    expect((await here.append(message(2))).epoch).to.equal(1)
    await (await phone.conversations.home()).put('contacts', bob.did, bytes('Bob'))
    await vaulted(phone)
  })
  afterEach(async () => { await peers.stop() })

  const pair = async (): Promise<Somebody> => {
    const laptop = await peers.world.device(alice)
    for (const peer of [phone, holder]) await peers.world.introduce(peer)
    expect(await (await phone.conversations.home()).share()).to.equal(true)
    return laptop
  }

  it('gets the records, and reads and writes conversations of which nobody gave it a key', async () => {
    const laptop = await peers.peer(await pair())
    await phone.sync.syncAll(holder.target)
    await phone.sync.stop()
    const { outcomes } = await laptop.sync.syncAll(holder.target)
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([true, true])
    expect(await collectionOf(await laptop.conversations.home(), 'contacts')).to.deep.equal({ [bob.did]: 'Bob' })
    const there = await laptop.conversations.open(id)
    const state = await there.state()
    expect([state.unreadable, state.subject, state.messages.map(({ body }) => body)]).to.deep.equal([0, 'Old times', ['message 1', 'message 2']])
    expect((await there.append(message(3))).epoch).to.equal(1)
    expect(await idsOf(laptop.conversations)).to.deep.equal([id.toString()])
  })

  it('opens what was locked when the home comes after the conversation, and says so', async () => {
    const laptop = await peers.peer(await pair())
    const home = await laptop.conversations.home()
    await phone.sync.syncAll(holder.target)
    await laptop.sync.sync(id, holder.target)
    expect(await unreadable(laptop, id)).to.equal(4)
    const told: string[] = []
    laptop.conversations.on('unlocked', ({ conversation }) => { told.push(conversation.toString()) })
    await laptop.sync.sync(home.id, holder.target)
    await until(() => told.length > 0)
    expect(told).to.deep.equal([id.toString()])
    expect(await unreadable(laptop, id)).to.equal(0)
  })

  it('shares nothing when everybody has the keys', async () => {
    await pair()
    expect(await (await phone.conversations.home()).share()).to.equal(false)
  })

  it('tells the holder nothing but the sizes', async () => {
    await phone.sync.syncAll(holder.target)
    const home = (await phone.conversations.home()).id
    expect(await idsOf(holder.conversations, true)).to.have.members([home.toString(), id.toString()])
    expect(await idsOf(holder.conversations)).to.deep.equal([id.toString()])
    // Everything that a thief of its disk has, and the keys of the holder as well.
    const thief = await peers.world.replica(holder.who, { store: holder.store })
    const stolen = await thief.conversations.home()
    expect(await collectionOf(stolen, 'contacts')).to.deep.equal({})
    expect(await unreadable(thief, id)).to.equal(4)
    expect(await nameOfRejection(stolen.put('contacts', 'x', bytes('x')))).to.equal('MissingKeyError')
  })
})

describe('somebody with nothing but their phrase', () => {
  it('reads everything on a new device, which then has copies of its own', async () => {
    const world = createWorld(12)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const phone = await world.replica(alice)
    const here = await phone.conversations.create({ subject: 's', participants: [bob.did] })
    await here.append(message(1))
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice'))
    await vaulted(phone)
    const proxy = await world.replica(await world.device(alice, ['proxy']), { keyless: true })
    for (const id of [home.id, here.id]) await carry(phone, proxy, id)

    const laptop = await world.device(alice)
    await world.introduce(proxy)
    const store = createMemoryStore()
    const blind = await world.replica(laptop)
    await carry(proxy, blind, home.id)
    expect(await (await blind.conversations.home()).get('profile', 'name')).to.equal(undefined)
    const restored = await world.replica(laptop, { store, openers: [phraseOf(alice)] })
    for (const id of [home.id, here.id]) await carry(proxy, restored, id)
    const again = await restored.conversations.home()
    expect(text(await again.get('profile', 'name'))).to.equal('Alice')
    expect(await unreadable(restored, here.id)).to.equal(0)
    expect(await again.share()).to.equal(true)
    await carry(restored, proxy, home.id)

    // From now on without the phrase, also where nothing was kept.
    const later = await world.replica(laptop)
    for (const id of [home.id, here.id]) await carry(proxy, later, id)
    expect(text(await (await later.conversations.home()).get('profile', 'name'))).to.equal('Alice')
    expect(await unreadable(later, here.id)).to.equal(0)
  })

  it('may bring the phrase after the log', async () => {
    const world = createWorld(13)
    const alice = await world.somebody('Alice')
    const phone = await world.replica(alice)
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice'))
    const laptop = await world.device(alice)
    const before = await world.replica(laptop)
    await carry(phone, before, home.id)
    expect(await (await before.conversations.home()).get('profile', 'name')).to.equal(undefined)
    await before.conversations.stop()
    const after = await world.replica(laptop, { store: before.store, openers: [phraseOf(alice)] })
    expect(text(await (await after.conversations.home()).get('profile', 'name'))).to.equal('Alice')
  })

  it('cannot open a conversation but by the home', async () => {
    const world = createWorld(14)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const phone = await world.replica(alice)
    const here = await phone.conversations.create({ subject: 's', participants: [bob.did] })
    const restored = await world.replica(await world.device(alice), { openers: [phraseOf(alice)] })
    await carry(phone, restored, here.id)
    expect(await unreadable(restored, here.id)).to.equal(2)
  })
})

describe('a device that was revoked', () => {
  it('gets neither records nor keys of later conversations', async () => {
    const world = createWorld(15)
    const [alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    const stolen = await world.device(alice)
    const phone = await world.replica(alice)
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('before'))
    const thief = await world.replica(stolen)
    await carry(phone, thief, home.id)
    expect(text(await (await thief.conversations.home()).get('profile', 'name'))).to.equal('before')

    await world.revoke(stolen)
    await world.introduce(phone)
    await world.clock.advance(10)
    expect(await home.share()).to.equal(true)
    await home.put('profile', 'name', bytes('after'))
    const here = await phone.conversations.create({ subject: 's', participants: [bob.did] })
    await vaulted(phone)
    // Somebody gives it all that there is.
    await carry(phone, thief, home.id)
    await carry(phone, thief, here.id)
    const taken = await thief.conversations.home()
    expect(text(await taken.get('profile', 'name'))).to.equal('before')
    expect(await collectionOf(taken, 'keys')).to.deep.equal({})
    expect(await unreadable(thief, here.id)).to.equal(2)
  })
})

describe('the keys in the vault', () => {
  let world: World
  let alice: Somebody
  let bob: Somebody
  let there: Replica

  beforeEach(async () => {
    world = createWorld(16)
    ;[alice, bob] = [await world.somebody('Alice'), await world.somebody('Bob')]
    there = await world.replica(bob)
  })
  const vaultOf = async ({ conversations }: Replica): Promise<string[]> => Object.keys(await collectionOf(await conversations.home(), 'keys'))

  it('are those of conversations that nobody opened', async () => {
    const phone = await world.replica(alice)
    const conversation = await there.conversations.create({ subject: 's', participants: [alice.did] })
    await carry(there, phone, conversation.id)
    await vaulted(phone)
    expect((await vaultOf(phone)).map(key => key.split('/').slice(0, 2))).to.deep.equal([[conversation.id.toString(), '0']])
  })

  it('are brought there together', async () => {
    const phone = await world.replica(alice)
    for (let number = 0; number < 20; number++) await phone.conversations.create({ subject: String(number), participants: [bob.did] })
    expect(await idsOf(phone.conversations, true)).to.have.length(20)
    await vaulted(phone)
    expect(await vaultOf(phone)).to.have.length(20)
    // Its basics, the keys and the records.
    expect(await blocksOf(phone, (await phone.conversations.home()).id)).to.have.length(3)
  })

  it('are there when the device stops', async () => {
    const phone = await world.replica(alice)
    await phone.conversations.create({ subject: 's', participants: [bob.did] })
    await phone.conversations.stop()
    expect(await vaultOf(await world.replica(alice, { store: phone.store }))).to.have.length(1)
  })

  it('come there after a kill', async () => {
    const killed = await world.replica(alice)
    await killed.conversations.create({ subject: 's', participants: [bob.did] })
    const phone = await world.replica(alice, { store: killed.store })
    await vaulted(phone)
    expect(await vaultOf(phone)).to.have.length(1)
  })

  it('are those of both when somebody else begins an epoch in a conversation of ours', async () => {
    const phone = await world.replica(alice)
    const tablet = await world.device(bob)
    await world.introduce(phone)
    await world.introduce(there)
    const conversation = await phone.conversations.create({ subject: 's', participants: [bob.did] })
    await carry(phone, there, conversation.id)
    await world.revoke(tablet)
    await world.introduce(there)
    await world.clock.advance(10)
    expect((await (await there.conversations.open(conversation.id)).append(message(1))).epoch).to.equal(1)
    await carry(there, phone, conversation.id)
    await vaulted(phone)
    expect((await vaultOf(phone)).map(key => key.split('/')[1])).to.deep.equal(['0', '1'])
  })

  it('wait for a home that another device may have begun', async () => {
    const tablet = await world.device(alice)
    const phone = await world.replica(alice)
    const home = await phone.conversations.home()
    const laptop = await world.replica(tablet)
    await laptop.conversations.create({ subject: 's', participants: [bob.did] })
    await world.clock.advance(5000)
    expect(await idsOf(laptop.conversations, true)).to.have.length(1)
    await home.share()
    await carry(phone, laptop, home.id)
    await vaulted(laptop)
    expect(await vaultOf(laptop)).to.have.length(1)
  })

  it('wait until the device may write in the home', async () => {
    const phone = await world.replica(alice)
    const home = await phone.conversations.home()
    await home.put('profile', 'name', bytes('Alice'))
    const laptop = await world.replica(await world.device(alice))
    // Without the keys of the home, and with a conversation of which it has the key.
    await carry(phone, laptop, home.id)
    await world.introduce(there)
    const conversation = await there.conversations.create({ subject: 's', participants: [alice.did] })
    await carry(there, laptop, conversation.id)
    await world.clock.advance(5000)
    await world.introduce(phone)
    await home.share()
    await carry(phone, laptop, home.id)
    await vaulted(laptop)
    await carry(laptop, phone, home.id)
    await carry(there, phone, conversation.id)
    expect(await vaultOf(phone)).to.have.length(1)
  })

  it('are passed over under a name that is not theirs', async () => {
    const phone = await world.replica(alice)
    const conversation = await there.conversations.create({ subject: 's', participants: [alice.did] })
    await carry(there, phone, conversation.id)
    await vaulted(phone)
    const home = await phone.conversations.home()
    const [name = ''] = await vaultOf(phone)
    await home.put('keys', `${name.slice(0, -1)}0`, new Uint8Array(32))
    await home.put('keys', `${conversation.id.toString()}/no/epoch`, new Uint8Array(32))
    const laptop = await world.replica(await world.device(alice))
    await world.introduce(phone)
    await home.share()
    await carry(phone, laptop, home.id)
    await carry(there, laptop, conversation.id)
    expect(await unreadable(laptop, conversation.id)).to.equal(0)
  })
})
