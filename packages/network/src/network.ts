import type { AbortOptions, Clock, Emitter, Logger, Store } from '@parley/core'
import type { CID } from 'multiformats/cid'

/** The largest frame a stream carries unless it was opened with another limit: 1 MiB of block and room for what wraps it. */
export const DEFAULT_MAX_FRAME_BYTES = 1024 * 1024 + 64 * 1024

/** The largest block that peers exchange directly. */
export const MAX_BLOCK_BYTES = 1024 * 1024

/** The largest message of a topic. */
export const MAX_TOPIC_MESSAGE_BYTES = 72 * 1024

/** How many streams of one protocol one peer may have open towards us, unless `handle` says otherwise. */
export const DEFAULT_MAX_STREAMS_PER_PEER = 256

/** Somebody to talk to, and where they may be found. */
export interface PeerTarget {
  /** The libp2p peer id: `12D3Koo…`. */
  peer: string
  /** Multiaddrs, with or without `/p2p/<peer>` at their end. */
  addresses: string[]
}

/**
 * One direct stream to an authenticated peer: whole frames in order, with
 * credit, so that a slow reader slows its writer and buffers stay bounded.
 */
export interface FrameStream {
  /** The peer id at the other end, proven by the connection's handshake. */
  readonly peer: string
  readonly protocol: string
  /** Aborts when the stream has ended, cleanly or not. */
  readonly signal: AbortSignal
  /**
   * Sends one frame; resolves when it is on its way, after waiting for credit
   * where the other end is slow. It may be delivered or lost: only an answer proves it arrived.
   *
   * @throws {OversizedBytesError} the frame is larger than the stream's limit
   * @throws {StreamClosedError} the stream has ended
   */
  send(frame: Uint8Array, options?: AbortOptions): Promise<void>
  /**
   * Takes the next frame; undefined once the other end closed cleanly after its last one.
   *
   * @throws {StreamClosedError} the stream broke before it was closed
   * @throws {InvalidBytesError | OversizedBytesError} the other end broke the frame format or its limits; the stream is aborted
   */
  receive(options?: AbortOptions): Promise<Uint8Array | undefined>
  /** Yields frames until the other end closes cleanly. Leaving the loop early leaves the stream open. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>
  /**
   * Says that nothing more will be sent; frames that are still coming can be
   * received until the other end closes too. A stream whose other end does not
   * close within half a minute is aborted.
   */
  close(): Promise<void>
  /** Ends the stream at once in both directions; the other end is told the error's name. */
  abort(error: Error): void
}

/** A message of a topic; `from` is the peer id that signed it. */
export interface TopicMessage {
  data: Uint8Array
  from: string
}

/** Publish and subscribe. A publish is not a delivery: nobody acknowledges. */
export interface Topics {
  /** Calls `listener` for each message of others until the returned function is called. */
  subscribe(topic: string, listener: (message: TopicMessage) => void): () => void
  /**
   * Publishes to whoever subscribes; `recipients` is how many neighbours it was handed to.
   *
   * @throws {OversizedBytesError} `data` is larger than a topic message may be
   */
  publish(topic: string, data: Uint8Array): Promise<{ recipients: number }>
  /** The peer ids of the neighbours that subscribe to the topic. */
  subscribers(topic: string): string[]
}

/** Blocks by their content address. */
export interface Blocks {
  /**
   * Returns a block: from our store, else directly from `from` and the connected
   * peers, else over bitswap. What comes from others is checked by its hash and kept.
   *
   * @throws {BlockNotFoundError} nobody has it
   */
  get(cid: CID, options?: AbortOptions & { from?: PeerTarget[] }): Promise<Uint8Array>
}

/** One open connection. */
export interface PeerConnection {
  peer: string
  address: string
  direction: 'inbound' | 'outbound'
}

export type NetworkEvents = {
  /** The first connection of a peer is open. */
  'peer:connect': PeerConnection
  /** The last connection of a peer is gone. */
  'peer:disconnect': { peer: string }
}

/** One node on the network. */
export interface Network extends Emitter<NetworkEvents> {
  readonly peerId: string
  /** Where others can reach this node, each ending in `/p2p/<peerId>`. */
  addresses(): string[]
  /**
   * Makes sure that a connection to the peer is open. An open one is used;
   * calls at the same time share one attempt.
   *
   * @throws {PeerUnreachableError} with what was tried and why it failed
   */
  connect(target: PeerTarget, options?: AbortOptions): Promise<void>
  /**
   * Opens a stream, connecting first where needed.
   *
   * @throws {PeerUnreachableError}
   * @throws {UnsupportedProtocolError} the peer does not speak the protocol
   * @throws {StreamClosedError} the peer refused the stream
   */
  open(target: PeerTarget, protocol: string, options?: AbortOptions & { /** @default 1 MiB + 64 KiB */ maxFrameBytes?: number }): Promise<FrameStream>
  /**
   * Answers streams of `protocol` until the returned function is called. When
   * the handler's promise resolves its stream is closed, when it rejects the
   * error is logged and the stream aborted.
   */
  handle(protocol: string, handler: (stream: FrameStream) => Promise<void>, init?: HandleInit): Promise<() => Promise<void>>
  readonly topics: Topics
  readonly blocks: Blocks
  peers(): PeerConnection[]
  /** Breaks every connection and stream of a peer at once; harmless when there is none. It may connect again. */
  disconnect(peer: string): void
  /** Closes streams, connections and listeners; harmless when called again. The store stays open: it is its owner's. */
  stop(): Promise<void>
}

export interface HandleInit {
  /** @default 1 MiB + 64 KiB */
  maxFrameBytes?: number
  /** @default 256 */
  maxStreamsPerPeer?: number
}

export interface NetworkComponents {
  store: Store
  logger: Logger
  /** @default the system's */
  clock?: Clock
}

export interface NetworkInit {
  /** The 32-byte Ed25519 seed of the device: its peer id is the public key. */
  seed: Uint8Array
  /** Multiaddrs to listen on; `[]` only dials. Port 0 takes a free one. */
  listen: string[]
  /**
   * Whether this is an always-on node: gossip parameters for many neighbours,
   * a circuit relay, and a subscription to whatever inbox topics its peers subscribe.
   *
   * @default false
   */
  hub?: boolean
  /** Addresses to tell others instead of those found by listening, for instance behind a port forwarding. */
  announce?: string[]
  /**
   * Decides, on a hub, which peers (by peer id) may be reached through it.
   *
   * @default everybody
   */
  mayReserve?: (peer: string) => boolean | Promise<boolean>
}
