import { expect } from 'chai'
import { cidOf, createVirtualClock, type CID } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { nameOfRejection, type Somebody } from '../log/world.ts'
import { createNodes, countOf, isMarked, say, states, type Node, type Nodes } from './nodes.ts'

const MINUTE = 60_000
const otherId = cidOf(Uint8Array.of(0xa0))

describe('what a device says in a conversation', function () {
  this.timeout(20_000)
  let nodes: Nodes
  let alice: Somebody
  let bob: Somebody
  let bobsHouse: Somebody
  let phone: Node
  let id: CID

  beforeEach(async () => {
    nodes = createNodes()
    alice = await nodes.world.somebody('Alice')
    bob = await nodes.world.somebody('Bob')
    bobsHouse = await nodes.world.device(bob, ['proxy'])
    phone = await nodes.node(alice)
    id = (await phone.conversations.create({ subject: 'Dinner', participants: [bob.did] })).id
  })

  afterEach(async () => { await nodes.stop() })

  it('is brought to a proxy that has never heard of the conversation, all of it', async () => {
    const proxy = await nodes.node(bobsHouse, { serves: [bob.did] })
    const action = await say(phone, id, nodes.world)
    expect(await states(phone, id, action, bob.did)).to.deep.equal({ person: 'pending', proxy: 'pending', device: 'pending' })
    await nodes.until(async () => (await states(phone, id, action, bob.did)).proxy === 'delivered-service')
    expect(await states(phone, id, action, bob.did)).to.deep.equal({ person: 'delivered-service', proxy: 'delivered-service', device: 'pending' })
    expect(await countOf(proxy, id)).to.equal(await countOf(phone, id))
    await nodes.until(async () => !await isMarked(phone.store))
    expect(await isMarked(phone.store)).to.equal(false)
  })

  it('is brought to a device that connects', async () => {
    const action = await say(phone, id, nodes.world)
    const laptop = await nodes.node(bob)
    await laptop.network.connect({ peer: phone.network.peerId, addresses: phone.network.addresses() })
    await nodes.until(async () => (await states(phone, id, action, bob.did)).device === 'delivered-user')
    expect(await countOf(laptop, id)).to.equal(await countOf(phone, id))
    expect(await states(phone, id, action, bob.did)).to.include({ person: 'delivered-user', device: 'delivered-user' })
  })

  it('is known to be with a device that fetched it, without an attempt', async () => {
    const laptop = await nodes.node(bob, { active: false })
    nodes.networks.cut(phone.network.peerId, laptop.network.peerId)
    const action = await say(phone, id, nodes.world)
    await nodes.pass(1000)
    expect(await states(phone, id, action, bob.did)).to.include({ device: 'temporary-failure' })
    nodes.networks.heal(phone.network.peerId, laptop.network.peerId)
    const attempts = phone.opened.length
    await laptop.sync.sync(id, { peer: phone.network.peerId, addresses: phone.network.addresses() })
    expect(await states(phone, id, action, bob.did)).to.include({ device: 'delivered-user' })
    expect(phone.opened.length).to.be.at.most(attempts + 1)
  })

  it('waits while a proxy is away, ever longer, and is caught up at once when it is back', async () => {
    const store = createMemoryStore()
    const first = await nodes.node(bobsHouse, { serves: [bob.did], store })
    await nodes.pass()
    await first.stop()
    let action = id
    for (let n = 0; n < 50; n++) {
      action = await say(phone, id, nodes.world)
      await nodes.pass(MINUTE)
    }
    const attempts = phone.opened.filter(peer => peer === first.network.peerId).length
    // Fifty minutes with a new message in each: far fewer than one a second.
    expect(attempts).to.be.within(10, 200)
    const [proxyRecord] = (await phone.delivery.records(id, action)).filter(({ target }) => target.kind === 'proxy')
    expect(proxyRecord).to.include({ state: 'temporary-failure' })
    expect(proxyRecord?.errors.at(-1)).to.include({ code: 'PeerUnreachableError', retryable: true })
    expect(proxyRecord?.errors.length).to.equal(8)
    expect(proxyRecord?.nextAttempt).to.be.above(nodes.world.clock.now() - MINUTE)

    const back = await nodes.node(bobsHouse, { serves: [bob.did], store })
    await back.network.connect({ peer: phone.network.peerId, addresses: phone.network.addresses() })
    await nodes.pass(1100)
    await nodes.until(async () => !await isMarked(phone.store))
    expect(await countOf(back, id)).to.equal(await countOf(phone, id))
    const [delivered] = (await phone.delivery.records(id, action)).filter(({ target }) => target.kind === 'proxy')
    expect(delivered).to.deep.include({ state: 'delivered-service', attempts: 0, errors: [] })
    await nodes.until(async () => !await isMarked(phone.store))
    expect(await isMarked(phone.store)).to.equal(false)
  })

  it('is caught up by a process that is started on what a killed one left', async () => {
    await say(phone, id, nodes.world, 50)
    await phone.stop()
    const proxy = await nodes.node(bobsHouse, { serves: [bob.did] })
    expect(await isMarked(phone.store)).to.equal(true)
    const again = await nodes.node(alice, { store: phone.store })
    await nodes.until(async () => !await isMarked(again.store))
    expect(await countOf(proxy, id)).to.equal(await countOf(again, id))
    await nodes.until(async () => !await isMarked(again.store))
    expect(await isMarked(again.store)).to.equal(false)
  })

  it('is refused by a proxy that does not serve the person, until it does', async () => {
    const serves: string[] = []
    const proxy = await nodes.node(bobsHouse, { serves })
    const action = await say(phone, id, nodes.world)
    await nodes.pass(5 * MINUTE)
    const [record] = (await phone.delivery.records(id, action)).filter(({ target }) => target.kind === 'proxy')
    expect(record).to.include({ state: 'failed', attempts: 6 })
    expect(record?.errors.at(-1)).to.include({ code: 'NotAllowedError', retryable: false })
    expect(await proxy.conversations.holder(id).exists()).to.equal(false)
    const attempts = phone.opened.length
    await nodes.pass(60 * MINUTE)
    expect(phone.opened.length).to.equal(attempts)

    serves.push(bob.did)
    phone.delivery.appeared(bobsHouse.device.did)
    await nodes.until(async () => (await states(phone, id, action, bob.did)).proxy === 'delivered-service')
    expect(await states(phone, id, action, bob.did)).to.include({ proxy: 'delivered-service' })
  })

  it('is owed as long as a proxy does not take all of it', async () => {
    // Its clock is an hour behind: what is of the future is not taken.
    await nodes.pass(120 * MINUTE)
    const late = createVirtualClock(nodes.world.clock.now() - 60 * MINUTE)
    const proxy = await nodes.node(bobsHouse, { serves: [bob.did], clock: late })
    const action = await say(phone, id, nodes.world)
    await nodes.pass(1000)
    const [record] = (await phone.delivery.records(id, action)).filter(({ target }) => target.kind === 'proxy')
    expect(record).to.include({ state: 'temporary-failure' })
    expect(record?.errors.at(-1)).to.include({ code: 'ActionsRefusedError', retryable: true })
    late.setWall(nodes.world.clock.now())
    await nodes.pass(10 * MINUTE)
    await nodes.until(async () => !await isMarked(phone.store))
    expect(await countOf(proxy, id)).to.equal(await countOf(phone, id))
    expect(await states(phone, id, action, bob.did)).to.include({ proxy: 'delivered-service' })
  })

  it('tells whoever was removed of that, and brings them nothing later', async () => {
    const proxy = await nodes.node(bobsHouse, { serves: [bob.did] })
    const action = await say(phone, id, nodes.world)
    await nodes.pass()
    await nodes.until(async () => await countOf(proxy, id) === await countOf(phone, id))
    expect((await phone.delivery.records(id, action)).some(({ target }) => target.person === bob.did)).to.equal(true)
    nodes.networks.cut(phone.network.peerId, proxy.network.peerId)
    await (await phone.conversations.open(id)).append({ verb: 'delete', thing: 'participant', person: bob.signer.publicKey })
    const before = await countOf(phone, id)
    await say(phone, id, nodes.world)
    await nodes.pass(1000)
    expect(await phone.delivery.records(id, action)).to.deep.equal([])
    nodes.networks.heal(phone.network.peerId, proxy.network.peerId)
    await nodes.pass(10 * MINUTE)
    await nodes.until(async () => !await isMarked(phone.store))
    expect(await countOf(proxy, id)).to.equal(before)
  })

  it('tells of each change of a target', async () => {
    const told: string[] = []
    phone.delivery.on('delivery', ({ target, state }) => { if (target.kind === 'proxy') told.push(state) })
    const proxy = await nodes.node(bobsHouse, { serves: [bob.did] })
    nodes.networks.cut(phone.network.peerId, proxy.network.peerId)
    await nodes.pass(500)
    nodes.networks.heal(phone.network.peerId, proxy.network.peerId)
    await nodes.pass(10_000)
    await nodes.until(async () => told.at(-1) === 'delivered-service')
    expect(told).to.deep.equal(['pending', 'sending', 'temporary-failure', 'sending', 'delivered-service'])
  })

  it('is asked for by names that exist', async () => {
    expect(await nameOfRejection(phone.delivery.records(id, id))).to.equal('UnknownActionError')
    expect(await nameOfRejection(phone.delivery.targets(otherId))).to.equal('UnknownConversationError')
    expect(await nameOfRejection(phone.delivery.records(otherId, id))).to.equal('UnknownConversationError')
  })
})

describe('what is said when its author goes off at once', function () {
  this.timeout(20_000)
  it('is brought by the author\'s own proxy once the other\'s is back', async () => {
    const nodes = createNodes(3)
    try {
      const [alice, bob, carol] = [await nodes.world.somebody('Alice'), await nodes.world.somebody('Bob'), await nodes.world.somebody('Carol')]
      const [alicesHouse, bobsHouse] = [await nodes.world.device(alice, ['proxy']), await nodes.world.device(bob, ['proxy'])]
      const phone = await nodes.node(alice)
      const own = await nodes.node(alicesHouse, { serves: [alice.did], admits: person => person !== carol.did })
      const { id } = await phone.conversations.create({ subject: 'Dinner', participants: [bob.did, carol.did] })
      const store = createMemoryStore()
      const before = await nodes.node(bobsHouse, { serves: [bob.did], store })
      await before.stop()
      const action = await say(phone, id, nodes.world)
      await nodes.until(async () => await own.conversations.holder(id).exists() && await countOf(own, id) === await countOf(phone, id))
      await phone.stop()
      await nodes.pass(10 * MINUTE)
      const [waiting] = (await own.delivery.records(id, action)).filter(({ target }) => target.kind === 'proxy' && target.person === bob.did)
      expect(waiting).to.include({ state: 'temporary-failure' })
      // Whom its person blocked it does not name.
      expect((await own.delivery.records(id, action)).some(({ target }) => target.person === carol.did)).to.equal(false)

      const proxy = await nodes.node(bobsHouse, { serves: [bob.did], store })
      await nodes.pass(10 * MINUTE)
      await nodes.until(async () => !await isMarked(own.store))
      expect(await countOf(proxy, id)).to.equal(await countOf(own, id))
      await nodes.until(async () => !await isMarked(own.store))
      expect(await isMarked(own.store)).to.equal(false)
    } finally {
      await nodes.stop()
    }
  })
})
