import { gossipsub, StrictSign, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { playRole } from '../harness/role.ts'

const ASK = '/benchmark/ask'
const ANSWER = '/benchmark/answer'

let node: Libp2p<{ identify: object, pubsub: GossipSub }> | undefined

function started (): NonNullable<typeof node> {
  if (node === undefined) throw new RangeError('the node was not started')
  return node
}

async function begin (topic: string): Promise<NonNullable<typeof node>> {
  node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ globalSignaturePolicy: StrictSign, allowPublishToZeroTopicPeers: true, emitSelf: false }) }
  }) as unknown as NonNullable<typeof node>
  node.services.pubsub.subscribe(topic)
  return node
}

export const role = {
  /** Answers every question with a message of the same size. */
  async answers (): Promise<string[]> {
    const own = await begin(ASK)
    const { pubsub } = own.services
    pubsub.addEventListener('message', ({ detail }) => { void pubsub.publish(ANSWER, detail.data) })
    return own.getMultiaddrs().map(String)
  },
  /** Dials the one that answers and waits until both are in each other's mesh. */
  async begins (addresses: string[]): Promise<void> {
    const own = await begin(ANSWER)
    const { pubsub } = own.services
    await own.dial(addresses.map(address => multiaddr(address)))
    const deadlineMs = performance.now() + 20_000
    while (pubsub.getSubscribers(ASK).length === 0) {
      if (performance.now() > deadlineMs) throw new RangeError('nobody subscribes')
      await pause(50)
    }
    // Two heartbeats: the mesh stands.
    await pause(2_500)
  },
  /** Publishes so many messages of `bytes`, each after the answer to the one before; returns how long each round trip took. */
  async asks (count: number, bytes: number, pauseMs: number): Promise<number[]> {
    const { services: { pubsub } } = started()
    const took: number[] = []
    for (let index = 0; index < count; index++) {
      const data = randomBytes(bytes)
      const answer = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => { reject(new RangeError('a message was not answered')) }, 10_000)
        pubsub.addEventListener('message', ({ detail }) => {
          clearTimeout(timer)
          if (data.equals(detail.data)) resolve()
          else reject(new RangeError('another message was answered'))
        }, { once: true })
      })
      const startedMs = performance.now()
      await pubsub.publish(ASK, data)
      await answer
      took.push(performance.now() - startedMs)
      await pause(pauseMs)
    }
    return took
  }
}

if (process.send !== undefined) playRole(role)
