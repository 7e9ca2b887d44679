import { expect } from 'chai'
import type { CID } from '@parley/core'
import { countOf, createNodes, say, type Node, type Nodes } from '../delivery/nodes.ts'

describe('the delivery of a conversation with a guest', function () {
  this.timeout(20_000)
  let nodes: Nodes
  let [alice, bob, carol]: Array<Node | undefined> = []
  let id: CID

  beforeEach(async () => {
    nodes = createNodes(21)
    const { world } = nodes
    const [a, b, c] = [await world.somebody('Alice'), await world.somebody('Bob'), await world.somebody('Carol')]
    const [bobsHouse, carolsHouse] = [await world.device(b, ['proxy']), await world.device(c, ['proxy'])]
    alice = await nodes.node(a)
    bob = await nodes.node(bobsHouse, { serves: [b.did] })
    carol = await nodes.node(carolsHouse, { serves: [c.did] })
    id = (await alice.conversations.create({ subject: 'plans', participants: [b.did] })).id
    const laptop = await nodes.node(b)
    await laptop.sync.sync(id, { peer: alice.network.peerId, addresses: alice.network.addresses() })
    await (await alice.conversations.open(id)).hide(c.did)
    await nodes.until(async () => await countOf(carol as Node, id) === await countOf(alice as Node, id))
    // What somebody else says reaches the host alone, who brings it on.
    await say(laptop, id, world)
    await nodes.until(async () => await countOf(carol as Node, id) === await countOf(laptop, id) && await countOf(bob as Node, id) === await countOf(laptop, id))
    expect(await countOf(carol, id)).to.equal(await countOf(laptop, id))
    expect(await countOf(bob, id)).to.equal(await countOf(laptop, id))
    const hidden = [carol.network.peerId]
    const others = [bob.network.peerId, laptop.network.peerId]
    expect([...bob.opened, ...laptop.opened].filter(peer => hidden.includes(peer))).to.deep.equal([])
    expect(carol.opened.filter(peer => others.includes(peer))).to.deep.equal([])
  })
  afterEach(async () => { await nodes.stop() })

  it('goes to their proxy by the host alone, who tells nobody', async () => {
    const targets = await (alice as Node).delivery.targets(id)
    expect(targets.map(({ target }) => target.did)).to.include((carol as Node).who.device.did)
    expect((await (bob as Node).delivery.targets(id)).map(({ target }) => target.did)).not.to.include((carol as Node).who.device.did)
  })

  it('ends when the host ends it', async () => {
    const [host, proxy] = [alice as Node, carol as Node]
    const before = await countOf(proxy, id)
    await (await host.conversations.open(id)).unhide(proxy.who.did)
    await say(host, id, nodes.world)
    await nodes.until(async () => await countOf(bob as Node, id) === await countOf(host, id))
    await nodes.pass(10_000)
    expect(await countOf(proxy, id)).to.equal(before)
    expect((await host.delivery.targets(id)).map(({ target }) => target.person)).not.to.include(proxy.who.did)
  })
})
