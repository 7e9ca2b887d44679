import { expect } from 'chai'
import { conflictsOf, graphOf, graphSvg, type HistoryGraph } from '../../src/index.ts'
import { blocksOf } from '../log/world.ts'
import { bytes16, createDinner, exchange, say } from './support.ts'

const counted = ({ nodes }: HistoryGraph): number => nodes.reduce((sum, { count }) => sum + count, 0)

describe('the graph of a conversation', () => {
  it('has a lane for each device, a row for each action, and its links', async () => {
    const { alice, alicia, bobby, id } = await createDinner()
    const conversation = await alice.conversations.open(id)
    const graph = await graphOf(conversation.actions(), { title: 'Dinner', nameOf: did => did === bobby.did ? 'Bob' : 'Alice' })
    expect(graph.lanes.map(({ name, person }) => [name, person])).to.deep.equal([['Alice', alicia.did], ['Bob', bobby.did]])
    expect(graph.nodes.map(({ lanes, label }) => [lanes, label])).to.deep.equal([
      [[0], 'publish conversation'], [[0], 'add participant'], [[0], 'add message'], [[1], 'add message'], [[1], 'add message']
    ])
    expect(graph.edges).to.deep.equal([
      { from: 0, to: 1, kind: 'prev' }, { from: 1, to: 2, kind: 'prev' }, { from: 2, to: 3, kind: 'head' }, { from: 3, to: 4, kind: 'prev' }
    ])
    expect(graph.nodes.filter(({ isHead }) => isHead).map(({ row }) => row)).to.deep.equal([4])
    expect(graph.bands).to.deep.equal([{ epoch: 0, from: 0, to: 4 }])
  })

  it('marks forks, what has no effect, and what lost', async () => {
    const { world, alice, bob, bobby, id } = await createDinner()
    const twin = await world.replica(bobby)
    await exchange(alice, twin, id)
    await say(world, bob, id, 6, 'one')
    await say(world, twin, id, 7, 'another')
    for (const replica of [bob, twin]) await alice.conversations.merge(id, await blocksOf(replica, id))
    const conversation = await alice.conversations.open(id)
    const graph = await graphOf(conversation.actions(), { title: '' })
    expect(graph.nodes.filter(({ isFork }) => isFork).map(({ row }) => row)).to.deep.equal([5, 6])
    const svg = graphSvg(graph)
    expect(svg).to.include('fork: signed twice for one place')
    const last = graph.nodes.at(-1)?.cid ?? ''
    const lost = await graphOf(conversation.actions(), { title: '', conflicts: new Map([[last, 'an edit at the same time won']]) })
    expect(lost.nodes.at(-1)?.conflict).to.equal('an edit at the same time won')
    expect(conflictsOf(await conversation.state()).size).to.equal(0)
  })

  it('draws several actions as one where there are many, and loses none', async () => {
    const { world, alice, id } = await createDinner()
    const conversation = await alice.conversations.open(id)
    await world.clock.advance(1000)
    await conversation.appendAll(Array.from({ length: 300 }, (_none, number) => ({ verb: 'add' as const, thing: 'message' as const, message: bytes16(100).map((byte, place) => place === 0 ? number % 256 : place === 1 ? number >> 8 : byte), body: 'x' })))
    for (const maxNodes of [1000, 160, 12, 4]) {
      const graph = await graphOf(conversation.actions(), { title: '', maxNodes })
      expect(counted(graph)).to.equal(305)
      expect(graph.nodes.length).to.be.at.most(Math.max(maxNodes * 2, 10))
      expect(graph.edges.every(({ from, to }) => from < to)).to.equal(true)
      expect(graph.bands.at(-1)?.to).to.equal(graph.nodes.length - 1)
    }
  })

  it('draws 10,000 actions', async function () {
    this.timeout(60_000)
    const { world, alice, bob, id } = await createDinner()
    for (let round = 0; round < 10; round++) {
      for (const who of [alice, bob]) {
        await world.clock.advance(1000)
        await (await who.conversations.open(id)).appendAll(Array.from({ length: 500 }, () => ({ verb: 'add' as const, thing: 'message' as const, message: world.random(16), body: 'x' })))
      }
      await exchange(alice, bob, id)
      await exchange(bob, alice, id)
    }
    const graph = await graphOf((await alice.conversations.open(id)).actions(), { title: 'Long' })
    expect(counted(graph)).to.equal(10_005)
    expect(graph.nodes.length).to.be.below(400)
    expect(graphSvg(graph).length).to.be.below(400_000)
  })

  it('is read aloud, and takes words of others for nothing but words', async () => {
    const { alice, id } = await createDinner()
    const conversation = await alice.conversations.open(id)
    const svg = graphSvg(await graphOf(conversation.actions(), { title: '<script>alert("1")</script> & \u0000more\ud800', nameOf: () => '"><a href="x">' }))
    expect(svg).to.include('role="img"').and.to.include('<title id="title">&lt;script&gt;')
    expect(svg).to.include('5 actions by 2 people on 2 devices, 1 key epoch')
    expect(svg).to.not.match(/<script|<a |\u0000|hungry/)
    expect(svg.isWellFormed()).to.equal(true)
    expect(svg).to.include('prefers-color-scheme: dark')
  })

  it('draws a conversation of nothing', async () => {
    expect(graphSvg(await graphOf([], { title: 'Empty' }))).to.include('0 actions')
  })
})
