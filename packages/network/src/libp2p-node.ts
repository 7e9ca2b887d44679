import { platformTransports } from '#platform'
import { gossipsub, StrictSign, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { createPeerScoreParams } from '@chainsafe/libp2p-gossipsub/score'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'

/** Streams of one connection, all protocols together: one caller may carry a thousand calls. */
export const MAX_STREAMS_PER_CONNECTION = 8192

export interface NodeInit {
  privateKey: PrivateKey
  listen: string[]
  announce: string[]
  hub: boolean
  /** Decides who may be reached through this hub. */
  mayReserve: (peer: string) => boolean | Promise<boolean>
}

export type Node = Libp2p & { services: { pubsub: GossipSub } }

/**
 * Starts libp2p so that it talks to nobody it was not told of: no bootstrap,
 * no STUN, no routing, no lookup of DNS address lists.
 */
export async function startLibp2p ({ privateKey, listen, announce, hub, mayReserve }: NodeInit): Promise<Node> {
  const services = {
    identify: identify(),
    // A protocol that is added late, such as bitswap, is made known soon; the default waits a second.
    identifyPush: identifyPush({ debounce: 50 }),
    ping: ping(),
    pubsub: gossipsub(gossip(hub))
  }
  const options = {
    privateKey,
    addresses: { listen, announce },
    transports: platformTransports(),
    connectionEncrypters: [noise()],
    // Its pings only measure; the round trip time they find is what lets its windows grow.
    streamMuxers: [yamux({ maxInboundStreams: MAX_STREAMS_PER_CONNECTION, maxOutboundStreams: MAX_STREAMS_PER_CONNECTION, keepAliveInterval: 60_000 })],
    connectionManager: {
      maxConnections: hub ? 10_000 : 500,
      // Counted by IP address: behind a NAT, a proxy or a relay all callers have the same one.
      inboundConnectionThreshold: 1000,
      maxIncomingPendingConnections: hub ? 500 : 100,
      // The default resolves /dnsaddr lists, in browsers by asking a public DNS service.
      resolvers: {}
    },
    // Finds dead links; each ping opens a stream, which is too dear every 10 s with many peers.
    connectionMonitor: { pingInterval: hub ? 30_000 : 15_000 },
    // Browsers refuse private and plain WebSocket addresses by default: a proxy at home has no other.
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundRelayReservation: async (source: PeerId) => !await mayReserve(source.toString())
    }
  }
  return hub
    ? await createLibp2p({ ...options, services: { ...services, relay: circuitRelayServer({ reservations: relayLimits }) } })
    : await createLibp2p({ ...options, services })
}

/** The defaults of 15 reservations, two minutes and 128 KiB would cut a voice message. */
const relayLimits = {
  maxReservations: 512,
  defaultDurationLimit: 3_600_000,
  defaultDataLimit: 1n << 30n
}

function gossip (hub: boolean): Parameters<typeof gossipsub>[0] {
  return {
    globalSignaturePolicy: StrictSign,
    // Publishing to nobody is answered with a count, not with an exception.
    allowPublishToZeroTopicPeers: true,
    emitSelf: false,
    // Nobody makes us dial peers by recommending them.
    doPX: false,
    scoreThresholds: { acceptPXThreshold: 1e9 },
    // On a relayed connection messages would be lost when the relay goes; the relay passes them on itself.
    runOnLimitedConnection: false,
    // One RPC may carry several messages.
    maxInboundDataLength: 1024 * 1024,
    // Everybody behind one address would lose their mesh from the eleventh on.
    scoreParams: createPeerScoreParams({ IPColocationFactorWeight: 0 }),
    // A hub serves all its neighbours in the mesh itself instead of leaving the rest to heartbeats.
    ...(hub ? { D: 64, Dlo: 32, Dhi: 128, Dout: 2, Dscore: 16 } : {})
  }
}
