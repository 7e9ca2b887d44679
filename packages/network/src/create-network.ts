import { createEmitter, createSystemClock, InvalidArgumentError, withTimeout, type Clock } from '@parley/core'
import type { Connection, IdentifyResult } from '@libp2p/interface'
import { BITSWAP_PROTOCOL, createBitswap } from './blocks/bitswap.ts'
import { createBlockExchange, serveBlocks } from './blocks/block-exchange.ts'
import { BLOCKS_PROTOCOL } from './blocks/block-messages.ts'
import { createBlocks } from './blocks/blocks.ts'
import { createDialer } from './connections/dialer.ts'
import { listNeighbours } from './connections/neighbours.ts'
import { startLibp2p, type Node } from './libp2p-node.ts'
import { StreamClosedError } from './errors.ts'
import type { Network, NetworkComponents, NetworkEvents, NetworkInit, PeerConnection } from './network.ts'
import { privateKeyFromSeed } from './peer-id.ts'
import { createStreams } from './streams/streams.ts'
import { renewGossipStreams } from './topics/renew-streams.ts'
import { createTopics } from './topics/topics.ts'

/**
 * Starts a node: libp2p and Helia, offered as topics, direct streams and blocks.
 *
 * It contacts nobody by itself. It does not own `store`: close that after `stop`.
 *
 * @throws {InvalidArgumentError} the seed has another size, or an address of `listen` cannot be listened on
 */
export async function createNetwork ({ store, logger, clock = createSystemClock() }: NetworkComponents, { seed, listen, hub = false, announce = [], mayReserve = () => true }: NetworkInit): Promise<Network> {
  const libp2p = await start({ privateKey: await privateKeyFromSeed(seed), listen, hub, announce, mayReserve })
  const emitter = createEmitter<NetworkEvents>(logger)
  const dialer = createDialer({ libp2p, clock })
  const streams = createStreams({ libp2p, dialer, clock, logger })
  const topics = createTopics({ pubsub: libp2p.services.pubsub, logger, self: libp2p.peerId.toString() }, { hub })
  const stopRenewing = renewGossipStreams({ libp2p, clock })
  const bitswap = createBitswap({ libp2p, store, logger })
  const blocks = createBlocks({
    store,
    exchange: createBlockExchange({ open: streams.open, clock, logger }),
    bitswap,
    clock,
    logger,
    neighbours: async () => await listNeighbours(libp2p)
  })
  await streams.handle(BLOCKS_PROTOCOL, async stream => { await serveBlocks(stream, store) }, { maxStreamsPerPeer: 8 })

  libp2p.addEventListener('connection:open', ({ detail }) => {
    if (libp2p.getConnections(detail.remotePeer).length <= 1) emitter.emit('peer:connect', describe(detail))
  })
  libp2p.addEventListener('peer:disconnect', ({ detail }) => { emitter.emit('peer:disconnect', { peer: detail.toString() }) })
  libp2p.addEventListener('peer:identify', ({ detail }) => {
    if (needsBitswap(detail)) void bitswap.start()
  })
  // An always-on node is what other programs look for blocks at: it shows at once that it serves them.
  if (hub) void bitswap.start()

  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    topics.stop()
    stopRenewing()
    await streams.stop()
    await bitswap.stop()
    await libp2p.stop()
    logger.info('network stopped', { peerId: libp2p.peerId.toString() })
  }
  logger.info('network started', { peerId: libp2p.peerId.toString(), hub, addresses: addressesOf(libp2p, announce) })

  return {
    peerId: libp2p.peerId.toString(),
    addresses: () => addressesOf(libp2p, announce),
    async connect (target, options) {
      streams.checkRunning()
      await dialer.connect(target, options)
    },
    open: streams.open,
    handle: streams.handle,
    topics,
    blocks,
    disconnect (peer) {
      for (const connection of libp2p.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer)) breakOff(connection, clock)
    },
    peers: () => libp2p.getConnections().filter(({ status }) => status === 'open').map(describe),
    on: emitter.on,
    async stop () {
      stopping ??= stop()
      await stopping
    }
  }
}

const CLOSE_TIMEOUT_MS = 500

/** Aborts the streams and then closes: aborting a WebSocket connection as a whole does not reach its other end. */
function breakOff (connection: Connection, clock: Clock): void {
  const reason = new StreamClosedError('connection', 'this node broke it')
  for (const stream of connection.streams) stream.abort(reason)
  withTimeout(connection.close(), 'Closing a connection', CLOSE_TIMEOUT_MS, clock).catch(() => { connection.abort(reason) })
}

async function start (init: Parameters<typeof startLibp2p>[0]): Promise<Node> {
  try {
    return await startLibp2p(init)
  } catch (cause) {
    const { name, message } = cause as Error
    if (!/UnsupportedListen|NoValidAddresses|InvalidMultiaddr|EADDR|EACCES/.test(`${name} ${message}`)) throw cause
    throw new InvalidArgumentError(`This node cannot listen on ${init.listen.join(', ')}: ${message}`, { cause })
  }
}

/** A peer that exchanges blocks, but not by our own protocol, is served and asked over bitswap. */
function needsBitswap ({ protocols }: IdentifyResult): boolean {
  return protocols.includes(BITSWAP_PROTOCOL) && !protocols.includes(BLOCKS_PROTOCOL)
}

function describe (connection: Connection): PeerConnection {
  return { peer: connection.remotePeer.toString(), address: connection.remoteAddr.toString(), direction: connection.direction }
}

/**
 * What others can dial. libp2p hides public addresses until a stranger has
 * confirmed them, and we ask no strangers: those of the listeners are added.
 */
function addressesOf (libp2p: Node, announce: string[]): string[] {
  const self = `/p2p/${libp2p.peerId.toString()}`
  const listening = announce.length > 0 ? [] : listenersOf(libp2p)
  const all = [...libp2p.getMultiaddrs().map(String), ...listening]
  return [...new Set(all.map(address => address.endsWith(self) ? address : `${address}${self}`))]
}

function listenersOf (libp2p: Node): string[] {
  const { components } = libp2p as unknown as { components?: { transportManager?: { getAddrs(): unknown[] } } }
  return components?.transportManager?.getAddrs().map(String) ?? []
}
