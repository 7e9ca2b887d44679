import { gossipsub, StrictSign, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { createPeerScoreParams } from '@chainsafe/libp2p-gossipsub/score'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { proxyOf } from './contacts.ts'

type Node = Libp2p<{ identify: object, pubsub: GossipSub }>
let node: Node | undefined
let heard = 0
let timer: NodeJS.Timeout | undefined

function started (): Node {
  if (node === undefined) throw new RangeError('the node was not started')
  return node
}

async function begin (): Promise<Node> {
  node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ globalSignaturePolicy: StrictSign, allowPublishToZeroTopicPeers: true, emitSelf: false, scoreParams: createPeerScoreParams({ IPColocationFactorWeight: 0 }) }) }
  }) as unknown as Node
  return node
}

const topicOf = (contact: number): string => `/presence/${String(contact).padStart(32, '0')}`

export const role = {
  /** Starts proxy `number` of so many, which publishes a beat of 16 bytes for each of its contacts; returns its address. */
  async publishes (number: number, proxies: number, count: number, beatMs: number): Promise<string> {
    const { services: { pubsub }, getMultiaddrs } = await begin()
    const own = Array.from({ length: count }, (_, index) => index).filter(index => proxyOf(index, proxies) === number)
    timer = setInterval(() => { for (const index of own) void pubsub.publish(topicOf(index), randomBytes(16)).catch(() => {}) }, beatMs)
    return getMultiaddrs.call(node).map(String).find(address => address.includes('/tcp/')) ?? ''
  },
  /** Subscribes to all contacts at these proxies. */
  async subscribes (count: number, addresses: string[]): Promise<void> {
    const { services: { pubsub } } = await begin()
    pubsub.addEventListener('message', () => { heard++ })
    for (let index = 0; index < count; index++) pubsub.subscribe(topicOf(index))
    for (const address of addresses) await started().dial(multiaddr(address))
  },
  /** Returns how many beats came in. */
  heard: (): number => heard,
  async stops (): Promise<void> {
    clearInterval(timer)
    await started().stop()
  }
}

if (process.send !== undefined) playRole(role)
