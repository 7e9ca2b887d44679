import { cidOf, type Store } from '@parley/core'
import { createMemoryStore, type Network } from '@parley/network'
import { expect } from 'chai'
import { failureOf, targetOf, text, until, type Join } from './network-cases.ts'
import { streamTests } from './network-streams.ts'

/** How a test gets nodes of the network under test. */
export interface NetworkSuite {
  /** Starts a world without nodes. */
  create(): Promise<NetworkWorld>
}

export interface NetworkWorld {
  /** Adds a node; `seed` is 32 bytes. */
  join(seed: Uint8Array, init: { listen: boolean, hub: boolean, store: Store }): Promise<Network>
  stop(): Promise<void>
}

/** Tests that every network passes. */
export function networkTests (name: string, { create }: NetworkSuite): void {
  describe(`a network: ${name}`, () => {
    let world: NetworkWorld
    let joined = 0

    const join: Join = async ({ listen = true, hub = false, store = createMemoryStore() } = {}) =>
      await world.join(new Uint8Array(32).fill(++joined), { listen, hub, store })

    beforeEach(async () => {
      joined = 0
      world = await create()
    })
    afterEach(async () => { await world.stop() })

    describe('connections', () => {
      it('connects, tells both sides, and lists the peer', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        const heard: string[] = []
        a.on('peer:connect', ({ peer, direction }) => heard.push(`a ${peer === b.peerId} ${direction}`))
        b.on('peer:connect', ({ peer, direction }) => heard.push(`b ${peer === a.peerId} ${direction}`))
        await b.connect(targetOf(a))
        await until(() => heard.length === 2)
        expect(heard.sort()).to.deep.equal(['a true inbound', 'b true outbound'])
        expect(b.peers().map(({ peer }) => peer)).to.deep.equal([a.peerId])
      })

      it('shares one attempt between calls at the same time, and uses what is open', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        await Promise.all(Array.from({ length: 8 }, async () => { await b.connect(targetOf(a)) }))
        await b.connect({ peer: a.peerId, addresses: [] })
        expect(b.peers()).to.have.length(1)
      })

      it('names the peer and each address when nobody answers', async () => {
        const [gone, b] = [await join(), await join({ listen: false })]
        const target = targetOf(gone)
        await gone.stop()
        const error = await failureOf(b.connect(target))
        expect(error.name).to.equal('PeerUnreachableError')
        expect(error.message).to.include(target.addresses[0])
      })

      it('says when no address of a peer is known', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        const error = await failureOf(a.connect(targetOf(b)))
        expect(error.name).to.equal('PeerUnreachableError')
      })

      it('tells when a peer is gone', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        await b.connect(targetOf(a))
        const left = new Promise(resolve => { a.on('peer:disconnect', ({ peer }) => { resolve(peer) }) })
        await b.stop()
        expect(await left).to.equal(b.peerId)
      })

      it('breaks those of a peer when asked, with their streams, and takes it again', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        let broken: Promise<Error> | undefined
        await a.handle('/test/wait/1', async stream => {
          broken = failureOf(stream.receive())
          await broken
        })
        const stream = await b.open(targetOf(a), '/test/wait/1')
        await until(() => broken !== undefined)
        a.disconnect(b.peerId)
        expect((await failureOf(stream.receive())).name).to.equal('StreamClosedError')
        expect((await broken)?.name).to.equal('StreamClosedError')
        await until(() => a.peers().length === 0 && b.peers().length === 0)
        a.disconnect(b.peerId)
        await b.connect(targetOf(a))
        expect(b.peers()).to.have.length(1)
      })
    })

    streamTests(join)

    describe('topics', () => {
      it('reach subscribers with the name of who published', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        const heard: { data: Uint8Array, from: string }[] = []
        a.topics.subscribe('news', message => heard.push(message))
        await b.connect(targetOf(a))
        await until(() => b.topics.subscribers('news').includes(a.peerId))
        expect((await b.topics.publish('news', text('hello'))).recipients).to.equal(1)
        await until(() => heard.length === 1)
        expect(heard[0]?.from).to.equal(b.peerId)
        expect(heard[0]?.data).to.deep.equal(text('hello'))
      })

      it('count nobody when nobody subscribes', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        await b.connect(targetOf(a))
        expect((await b.topics.publish('empty', text('x'))).recipients).to.equal(0)
      })

      it('stop reaching whoever left', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        const off = a.topics.subscribe('news', () => {})
        await b.connect(targetOf(a))
        await until(() => b.topics.subscribers('news').length === 1)
        off()
        await until(() => b.topics.subscribers('news').length === 0)
      })

      it('refuse a message over the limit', async () => {
        const a = await join()
        expect((await failureOf(a.topics.publish('news', new Uint8Array(80 * 1024)))).name).to.equal('OversizedBytesError')
      })

      it('pass through a hub for inboxes, and for nothing else', async () => {
        const [hub, a, b] = [await join({ hub: true }), await join({ listen: false }), await join({ listen: false })]
        await a.connect(targetOf(hub))
        await b.connect(targetOf(hub))
        const heard: string[] = []
        a.topics.subscribe('/parley/1/inbox/17', ({ data, from }) => heard.push(`${new TextDecoder().decode(data)} ${from === b.peerId}`))
        a.topics.subscribe('/other', () => heard.push('other'))
        await until(() => b.topics.subscribers('/parley/1/inbox/17').includes(hub.peerId))
        await until(() => hub.topics.subscribers('/other').includes(a.peerId))
        // The hub may still be adding its neighbours to the mesh: whoever publishes repeats until acknowledged.
        await until(async () => {
          await b.topics.publish('/parley/1/inbox/17', text('ring'))
          return heard.length > 0
        })
        expect(heard[0]).to.equal('ring true')
        expect(b.topics.subscribers('/other')).to.deep.equal([])
      })
    })

    describe('blocks', () => {
      it('are fetched from a named peer, checked, and kept', async () => {
        const block = text('a block')
        const store = createMemoryStore()
        const mine = createMemoryStore()
        await store.commit([{ type: 'block', cid: cidOf(block), bytes: block }])
        const [a, b] = [await join({ store }), await join({ listen: false, store: mine })]
        expect(await b.blocks.get(cidOf(block), { from: [targetOf(a)] })).to.deep.equal(block)
        expect(await mine.getBlock(cidOf(block))).to.deep.equal(block)
        await a.stop()
        expect(await b.blocks.get(cidOf(block))).to.deep.equal(block)
      })

      it('are fetched many at a time', async () => {
        const blocks = Array.from({ length: 100 }, (_, index) => new Uint8Array(10_000).fill(index))
        const store = createMemoryStore()
        await store.commit(blocks.map(bytes => ({ type: 'block', cid: cidOf(bytes), bytes })))
        const [a, b] = [await join({ store }), await join({ listen: false })]
        const from = [targetOf(a)]
        const got = await Promise.all(blocks.map(async bytes => await b.blocks.get(cidOf(bytes), { from })))
        expect(got).to.deep.equal(blocks)
      })

      it('are refused by name when nobody has them', async () => {
        const [a, b] = [await join(), await join({ listen: false })]
        const error = await failureOf(b.blocks.get(cidOf(text('nowhere')), { from: [targetOf(a)] }))
        expect(error.name).to.equal('BlockNotFoundError')
      })
    })

    describe('stopping', () => {
      it('is harmless twice and refuses work by name afterwards', async () => {
        const [a, b] = [await join(), await join()]
        await b.stop()
        await b.stop()
        expect((await failureOf(b.connect(targetOf(a)))).name).to.equal('StoppedError')
        expect((await failureOf(b.open(targetOf(a), '/test/echo/1'))).name).to.equal('StoppedError')
      })
    })
  })
}
