import { cidOf, createSeededRandom, createSystemClock, silentLogger, type Store } from '@parley/core'
import { createMemoryStore, createNetwork, type FrameStream, type Network } from '@parley/network'
import { withBitswap } from '@helia/bitswap'
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { createHeliaLight } from 'helia'
import { multiaddr } from '@multiformats/multiaddr'
import { concat } from 'uint8arrays'
import { createBlockExchange } from '../src/blocks/block-exchange.ts'
import { BLOCKS_PROTOCOL, blockReplyCodec, blockRequestCodec } from '../src/blocks/block-messages.ts'
import { startLibp2p } from '../src/libp2p-node.ts'
import { privateKeyFromSeed } from '../src/peer-id.ts'
import { failureOf, until } from './support/failure.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('blocks', () => {
  const networks: Network[] = []
  const join = async (seed: number, { listen = true, hub = false, store = createMemoryStore() }: { listen?: boolean, hub?: boolean, store?: Store } = {}): Promise<Network> => {
    const network = await createNetwork({ store, logger: silentLogger }, { seed: new Uint8Array(32).fill(seed), listen: listen ? ['/ip4/127.0.0.1/tcp/0'] : [], hub })
    networks.push(network)
    return network
  }
  const targetOf = (network: Network) => ({ peer: network.peerId, addresses: network.addresses() })

  afterEach(async () => { await Promise.all(networks.splice(0).map(async network => { await network.stop() })) })

  it('are asked for over one lasting stream for each peer', async () => {
    const blocks = ['a', 'b', 'c'].map(text)
    const store = createMemoryStore()
    await store.commit(blocks.map(bytes => ({ type: 'block', cid: cidOf(bytes), bytes })))
    const [a, b] = [await join(1, { store }), await join(2, { listen: false })]
    let streams = 0
    const exchange = createBlockExchange({
      async open (...args) {
        streams++
        return await b.open(...args)
      },
      clock: createSystemClock(),
      logger: silentLogger
    })
    const answers = await Promise.all(blocks.map(async bytes => await exchange.ask(targetOf(a), cidOf(bytes))))
    expect(answers).to.deep.equal(blocks)
    expect(await exchange.ask(targetOf(a), cidOf(text('d')))).to.equal(undefined)
    expect(streams).to.equal(1)
  })

  it('are not taken from a peer that sends other bytes', async () => {
    const [liar, b] = [await join(1), await join(2, { listen: false })]
    const wanted = cidOf(text('wanted'))
    const honest = createMemoryStore()
    await honest.commit([{ type: 'block', cid: wanted, bytes: text('something else') }])
    const mine = createMemoryStore()
    const c = await join(3, { listen: false, store: mine })
    // A store does not check what it is given; the liar's answers come from such a one.
    const swindler = await join(4, { store: honest })
    const error = await failureOf(c.blocks.get(wanted, { from: [targetOf(swindler), targetOf(liar)] }))
    expect(error.name).to.equal('BlockNotFoundError')
    expect(await mine.getBlock(wanted)).to.equal(undefined)
    expect(b.peers()).to.deep.equal([])
  })

  it('are asked for in vain without waiting where nobody has them', async () => {
    const [a, b, c] = [await join(1), await join(2), await join(3, { listen: false })]
    await c.connect(targetOf(a))
    const error = await failureOf(c.blocks.get(cidOf(text('nowhere')), { from: [targetOf(b)] }))
    expect(error.message).to.include('none of the 2 peers')
  })

  it('end the stream by name for a request that is none', async () => {
    const [a, b] = [await join(1), await join(2, { listen: false })]
    const stream: FrameStream = await b.open(targetOf(a), BLOCKS_PROTOCOL)
    await stream.send(text('give me everything'))
    expect((await failureOf(stream.receive())).message).to.include('InvalidBytesError')
  })

  it('refuse 10,000 damaged messages by name', () => {
    const random = createSeededRandom(9)
    const block = random(60)
    const messages = [blockRequestCodec.encode({ v: 1, id: 5, cid: cidOf(block) }), blockReplyCodec.encode({ v: 1, id: 5, block })]
    const names = new Set<string>()
    for (let round = 0; round < 10_000; round++) {
      const [at = 0, value = 0] = random(2)
      const mutated = (messages[round % 2] ?? block).slice()
      mutated[at % mutated.byteLength] = (mutated[at % mutated.byteLength] ?? 0) ^ (value === 0 ? 1 : value)
      try {
        if (round % 2 === 0) blockRequestCodec.decode(mutated)
        else blockReplyCodec.decode(mutated)
        names.add('none')
      } catch (error) {
        names.add((error as Error).name)
      }
    }
    expect([...names].sort()).to.deep.equal(['InvalidBytesError', 'none'])
  })

  for (const hub of [true, false]) {
    it(`are fetched over bitswap by any IPFS node from ${hub ? 'an always-on node' : 'a device'}, and the other way round`, async function () {
      this.timeout(20_000)
      const [here, there] = [dagCbor.encode({ from: 'parley' }), dagCbor.encode({ from: 'helia' })]
      const store = createMemoryStore()
      await store.commit([{ type: 'block', cid: cidOf(here), bytes: here }])
      const a = await join(1, { store, hub })
      // A stock peer: Helia with bitswap over a libp2p that has no protocol of ours.
      const libp2p = await startLibp2p({ privateKey: await privateKeyFromSeed(new Uint8Array(32).fill(9)), listen: [], announce: [], hub: false, mayReserve: () => false })
      const stock = await withBitswap(Object.assign(createHeliaLight({ codecs: [dagCbor] }), { libp2p })).start()
      try {
        await stock.blockstore.put(cidOf(there), there)
        await libp2p.dial(a.addresses().map(address => multiaddr(address)))
        const parts: Uint8Array[] = []
        for await (const part of stock.blockstore.get(cidOf(here), { signal: AbortSignal.timeout(10_000) })) parts.push(part)
        expect(concat(parts)).to.deep.equal(here)
        await until(() => a.peers().length === 1)
        expect(await a.blocks.get(cidOf(there))).to.deep.equal(there)
      } finally {
        await stock.stop()
        await libp2p.stop()
      }
    })
  }
})
