import { cidOf, createEmitter, createSeededRandom, createSystemClock, silentLogger, StoppedError, type Clock, type EmitterSource, type Logger, type Store } from '@parley/core'
import { BlockNotFoundError, createMemoryStore, DEFAULT_MAX_FRAME_BYTES, DEFAULT_MAX_STREAMS_PER_PEER, peerIdFromSeed, PeerUnreachableError, TooManyStreamsError, UnsupportedProtocolError, type Blocks, type FrameStream, type HandleInit, type Network, type NetworkEvents, type PeerConnection, type PeerTarget } from '@parley/network'
import { createMemoryStreams, type Deliver, type MemoryStream } from './memory-stream.ts'
import { createMemoryTopics, type MemoryTopics, type Neighbour } from './memory-topics.ts'

/** Several nodes in one process, whose links a test cuts and heals. */
export interface MemoryNetworks {
  /** Adds a node. Nodes know nobody until they connect. */
  join(seed: Uint8Array, init?: { /** @default true */ listen?: boolean, /** @default false */ hub?: boolean, store?: Store, logger?: Logger }): Promise<Network>
  /** Breaks the link between two peers, and keeps it broken. */
  cut(a: string, b: string): void
  /** Lets the two connect again; they do not by themselves. */
  heal(a: string, b: string): void
  /** Loses this share of topic messages, from 0 to 1. */
  loss(share: number): void
  stop(): Promise<void>
}

export interface MemoryNetworksInit {
  /** Drives `latencyMs`. @default the system's */
  clock?: Clock
  /** How long frames and messages take. @default 0 */
  latencyMs?: number
  /** Decides which messages are lost. @default 1 */
  seed?: number
}

/** Creates an empty world for nodes in memory. */
export function createMemoryNetworks ({ clock = createSystemClock(), latencyMs = 0, seed = 1 }: MemoryNetworksInit = {}): MemoryNetworks {
  const random = createSeededRandom(seed)
  const nodes = new Map<string, MemoryNode>()
  const cuts = new Set<string>()
  let lossShare = 0
  const link = (a: string, b: string): string => [a, b].sort().join(' ')
  const deliver: Deliver = delivery => {
    if (latencyMs > 0) clock.setTimer(delivery, latencyMs)
    else queueMicrotask(delivery)
  }
  const world: World = {
    deliver,
    gossip (delivery) { if ((random(1)[0] ?? 0) / 256 >= lossShare) deliver(delivery) },
    reach: (from, to) => cuts.has(link(from, to)) ? undefined : nodes.get(to),
    leave (peer) { nodes.delete(peer) }
  }
  return {
    async join (seed, { listen = true, hub = false, store = createMemoryStore(), logger = silentLogger } = {}) {
      const peerId = await peerIdFromSeed(seed)
      const node = new MemoryNode(world, { peerId, listen, hub, store, logger })
      nodes.set(peerId, node)
      return node
    },
    cut (a, b) {
      cuts.add(link(a, b))
      nodes.get(a)?.disconnect(b)
    },
    heal (a, b) { cuts.delete(link(a, b)) },
    loss (share) { lossShare = share },
    async stop () { await Promise.all([...nodes.values()].map(async node => { await node.stop() })) }
  }
}

interface World {
  deliver: Deliver
  gossip: Deliver
  reach(from: string, to: string): MemoryNode | undefined
  leave(peer: string): void
}

interface NodeInit {
  peerId: string
  listen: boolean
  hub: boolean
  store: Store
  logger: Logger
}

interface Link {
  other: MemoryNode
  direction: 'inbound' | 'outbound'
  streams: Set<MemoryStream>
}

interface Handler extends Required<HandleInit> {
  run(stream: FrameStream): Promise<void>
}

class MemoryNode implements Network, Neighbour {
  readonly peerId: string
  readonly hub: boolean
  readonly gossip: MemoryTopics
  readonly blocks: Blocks
  readonly #world: World
  readonly #init: NodeInit
  readonly #emitter: EmitterSource<NetworkEvents>
  readonly #links = new Map<string, Link>()
  readonly #handlers = new Map<string, Handler>()
  readonly #handling = new Set<Promise<void>>()
  #stopped = false

  constructor (world: World, init: NodeInit) {
    this.#world = world
    this.#init = init
    this.peerId = init.peerId
    this.hub = init.hub
    this.#emitter = createEmitter(init.logger)
    this.gossip = createMemoryTopics(() => this, world.gossip)
    this.blocks = { get: async (cid, { from = [], signal } = {}) => await this.#findBlock(cid, from, signal) }
  }

  get topics (): MemoryTopics { return this.gossip }

  get on (): EmitterSource<NetworkEvents>['on'] { return this.#emitter.on }

  addresses (): string[] {
    return this.#init.listen ? [`${memoryAddress(this.peerId)}/p2p/${this.peerId}`] : []
  }

  neighbours (): MemoryNode[] { return [...this.#links.values()].map(({ other }) => other) }

  peers (): PeerConnection[] {
    return [...this.#links].map(([peer, { direction }]) => ({ peer, address: memoryAddress(peer), direction }))
  }

  async connect ({ peer, addresses }: PeerTarget, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.#checkRunning()
    signal?.throwIfAborted()
    if (this.#links.has(peer)) return
    if (peer === this.peerId) throw new PeerUnreachableError(peer, [{ address: memoryAddress(peer), reason: 'it is this node itself' }])
    const other = this.#world.reach(this.peerId, peer)
    const address = addresses.find(address => address.startsWith(memoryAddress(peer)))
    if (other === undefined || address === undefined || other.addresses().length === 0) {
      throw new PeerUnreachableError(peer, addresses.map(address => ({ address, reason: 'connection refused, nothing listens there' })))
    }
    this.#connected(other, 'outbound')
    other.#connected(this, 'inbound')
  }

  async open (target: PeerTarget, protocol: string, { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, signal }: { maxFrameBytes?: number, signal?: AbortSignal | undefined } = {}): Promise<FrameStream> {
    await this.connect(target, { signal })
    const mine = this.#links.get(target.peer)
    if (mine === undefined) throw new PeerUnreachableError(target.peer, [])
    const theirs = mine.other.#links.get(this.peerId)
    const handler = mine.other.#handlers.get(protocol)
    if (theirs === undefined) throw new PeerUnreachableError(target.peer, [])
    if (handler === undefined) throw new UnsupportedProtocolError(target.peer, protocol)
    const { deliver } = this.#world
    const [near, far] = createMemoryStreams({ protocol, peer: target.peer, maxFrameBytes, deliver }, { protocol, peer: this.peerId, maxFrameBytes: handler.maxFrameBytes, deliver })
    mine.streams.add(near)
    near.signal.addEventListener('abort', () => { mine.streams.delete(near) })
    mine.other.#answer(far, theirs, handler)
    return near
  }

  async handle (protocol: string, run: (stream: FrameStream) => Promise<void>, { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, maxStreamsPerPeer = DEFAULT_MAX_STREAMS_PER_PEER }: HandleInit = {}): Promise<() => Promise<void>> {
    this.#checkRunning()
    this.#handlers.set(protocol, { run, maxFrameBytes, maxStreamsPerPeer })
    return async () => { this.#handlers.delete(protocol) }
  }

  disconnect (peer: string): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#links.delete(peer)
    for (const stream of [...link.streams]) stream.lose('the connection is gone')
    this.#emitter.emit('peer:disconnect', { peer })
    link.other.disconnect(this.peerId)
  }

  async stop (): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true
      this.#world.leave(this.peerId)
      this.gossip.stop()
      for (const peer of [...this.#links.keys()]) this.disconnect(peer)
    }
    await Promise.all(this.#handling)
  }

  #connected (other: MemoryNode, direction: 'inbound' | 'outbound'): void {
    this.#links.set(other.peerId, { other, direction, streams: new Set() })
    this.#emitter.emit('peer:connect', { peer: other.peerId, address: memoryAddress(other.peerId), direction })
  }

  #answer (stream: MemoryStream, link: Link, { run, maxStreamsPerPeer }: Handler): void {
    const open = [...link.streams].filter(({ protocol }) => protocol === stream.protocol).length
    if (open >= maxStreamsPerPeer) {
      stream.abort(new TooManyStreamsError(stream.protocol, maxStreamsPerPeer))
      return
    }
    link.streams.add(stream)
    stream.signal.addEventListener('abort', () => { link.streams.delete(stream) })
    const running = run(stream).then(async () => { await stream.close() }, (error: unknown) => {
      this.#init.logger.warn('the handler of a stream failed', { protocol: stream.protocol, error })
      stream.abort(error as Error)
    }).finally(() => { this.#handling.delete(running) })
    this.#handling.add(running)
  }

  async #findBlock (cid: Parameters<Blocks['get']>[0], from: PeerTarget[], signal: AbortSignal | undefined): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const local = await this.#init.store.getBlock(cid)
    if (local !== undefined) return local
    for (const target of from) await this.connect(target, { signal }).catch(() => {})
    const asked = this.neighbours()
    for (const { store } of asked.map(node => node.#init)) {
      const bytes = await store.getBlock(cid)
      if (bytes === undefined || !cidOf(bytes, cid.code).equals(cid)) continue
      await this.#init.store.commit([{ type: 'block', cid, bytes }])
      return bytes
    }
    throw new BlockNotFoundError(cid.toString(), asked.length)
  }

  #checkRunning (): void {
    if (this.#stopped) throw new StoppedError('The network')
  }
}

function memoryAddress (peer: string): string {
  return `/memory/${peer}`
}
