import { silentLogger } from '@parley/core'
import { createMemoryStore, createNetwork, peerIdFromSeed, PeerUnreachableError, type Network } from '@parley/network'
import { expect } from 'chai'
import { failureOf, until } from './support/failure.ts'

const seed = (value: number): Uint8Array => new Uint8Array(32).fill(value)

describe('connecting', () => {
  const networks: Network[] = []
  const join = async (value: number, listen: string[]): Promise<Network> => {
    const network = await createNetwork({ store: createMemoryStore(), logger: silentLogger }, { seed: seed(value), listen })
    networks.push(network)
    return network
  }
  afterEach(async () => { await Promise.all(networks.splice(0).map(async network => { await network.stop() })) })

  it('says of each address, in words, why it did not work', async () => {
    const [a, b] = [await join(1, ['/ip4/127.0.0.1/tcp/0']), await join(2, [])]
    const [address = ''] = a.addresses()
    const peer = await peerIdFromSeed(seed(3))
    const bare = address.replace(/\/p2p\/.*$/, '')
    const addresses = ['/ip4/127.0.0.1/tcp/1', 'nonsense', '/dnsaddr/bootstrap.example', '/ip4/127.0.0.1/udp/4/quic-v1', address, bare]
    const error = await failureOf(b.connect({ peer, addresses }))
    if (!(error instanceof PeerUnreachableError)) throw error
    expect(error.attempts.map(attempt => attempt.address)).to.deep.equal(addresses)
    expect(error.attempts.map(attempt => attempt.reason)).to.deep.equal([
      'connection refused, nothing listens there',
      'it is no multiaddr',
      'this node has no transport for such an address',
      'this node has no transport for such an address',
      `it belongs to another peer (${a.peerId})`,
      `another peer answered there (${a.peerId})`
    ])
    await until(() => b.peers().length === 0)
  })

  it('uses the address that works among those that do not', async () => {
    const [a, b] = [await join(1, ['/ip4/127.0.0.1/tcp/0']), await join(2, [])]
    await b.connect({ peer: a.peerId, addresses: ['/ip4/127.0.0.1/tcp/1', ...a.addresses(), '/ip4/127.0.0.1/tcp/2'] })
    expect(b.peers().map(({ peer }) => peer)).to.deep.equal([a.peerId])
  })

  it('tries the addresses of a second caller when the first one had none that works', async () => {
    const [a, b] = [await join(1, ['/ip4/127.0.0.1/tcp/0']), await join(2, [])]
    const first = failureOf(b.connect({ peer: a.peerId, addresses: ['/ip4/127.0.0.1/tcp/1'] }))
    await b.connect({ peer: a.peerId, addresses: a.addresses() })
    expect((await first).name).to.equal('PeerUnreachableError')
  })

  it('gives up for one caller without giving up for the other', async () => {
    const [a, b] = [await join(1, ['/ip4/127.0.0.1/tcp/0']), await join(2, [])]
    const target = { peer: a.peerId, addresses: a.addresses() }
    const controller = new AbortController()
    const first = failureOf(b.connect(target, { signal: controller.signal }))
    const second = b.connect(target)
    controller.abort(new DOMException('enough', 'AbortError'))
    expect((await first).name).to.equal('AbortError')
    await second
  })

  it('accepts many callers from one address at once', async function () {
    this.timeout(20_000)
    const a = await join(1, ['/ip4/127.0.0.1/tcp/0'])
    const callers = await Promise.all(Array.from({ length: 20 }, async (_, index) => await join(10 + index, [])))
    await Promise.all(callers.map(async caller => { await caller.connect({ peer: a.peerId, addresses: a.addresses() }) }))
    await until(() => a.peers().length === 20)
  })

  it('refuses what is no peer id, no seed and no listening address, by name', async () => {
    const b = await join(2, [])
    expect((await failureOf(b.connect({ peer: 'somebody', addresses: [] }))).name).to.equal('InvalidArgumentError')
    expect((await failureOf(createNetwork({ store: createMemoryStore(), logger: silentLogger }, { seed: seed(1).subarray(1), listen: [] }))).name).to.equal('InvalidArgumentError')
    const a = await join(1, ['/ip4/127.0.0.1/tcp/0'])
    const [taken = ''] = a.addresses()
    expect((await failureOf(join(3, [taken.replace(/\/p2p\/.*$/, '')]))).name).to.equal('InvalidArgumentError')
  })
})
