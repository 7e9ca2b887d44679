import { StoppedError, withTimeout, type AbortOptions, type Clock, type Logger } from '@parley/core'
import type { Connection, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import type { Dialer } from '../connections/dialer.ts'
import { dialReason } from '../connections/dial-reason.ts'
import { PeerUnreachableError, StreamClosedError, TooManyStreamsError, UnsupportedProtocolError } from '../errors.ts'
import { MAX_STREAMS_PER_CONNECTION } from '../libp2p-node.ts'
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_MAX_STREAMS_PER_PEER, type FrameStream, type Network, type PeerTarget } from '../network.ts'
import { createFrameStream } from './frame-stream.ts'
import { fromLibp2pStream } from './libp2p-byte-stream.ts'

/** How long `stop` waits for handlers whose streams were aborted. */
const STOP_TIMEOUT_MS = 5_000

/** Limits are kept here, with an answer by name; libp2p's own would only reset the stream. */
const LIBP2P_STREAM_LIMITS = { maxInboundStreams: MAX_STREAMS_PER_CONNECTION, maxOutboundStreams: MAX_STREAMS_PER_CONNECTION, runOnLimitedConnection: true }

export interface Streams extends Pick<Network, 'open' | 'handle'> {
  /** @throws {StoppedError} */
  checkRunning(): void
  /** Aborts every stream and waits for the handlers. */
  stop(): Promise<void>
}

export interface StreamsComponents {
  libp2p: Libp2p
  dialer: Dialer
  clock: Clock
  logger: Logger
}

/** Opens and answers frame streams over a libp2p node. */
export function createStreams ({ libp2p, dialer, clock, logger }: StreamsComponents): Streams {
  const open = new Set<FrameStream>()
  const handling = new Set<Promise<void>>()
  let stopped = false

  const checkRunning = (): void => {
    if (stopped) throw new StoppedError('The network')
  }
  const wrap = (stream: Stream, connection: Connection, protocol: string, maxFrameBytes: number): FrameStream => {
    const frames = createFrameStream(fromLibp2pStream(stream), { clock, logger }, { peer: connection.remotePeer.toString(), protocol, maxFrameBytes })
    open.add(frames)
    frames.signal.addEventListener('abort', () => { open.delete(frames) })
    return frames
  }
  const run = async (frames: FrameStream, handler: (stream: FrameStream) => Promise<void>): Promise<void> => {
    try {
      await handler(frames)
      await frames.close()
    } catch (error) {
      if (frames.signal.aborted) logger.debug('a stream ended under its handler', { protocol: frames.protocol, peer: frames.peer, error })
      else logger.warn('the handler of a stream failed', { protocol: frames.protocol, peer: frames.peer, error })
      frames.abort(error as Error)
    }
  }
  const newStream = async (target: PeerTarget, protocol: string, options: AbortOptions): Promise<{ stream: Stream, connection: Connection }> => {
    const known = dialer.openConnection(target.peer)
    const connection = known ?? await dialer.connect(target, options)
    try {
      return { stream: await connection.newStream(protocol, { ...LIBP2P_STREAM_LIMITS, ...options }), connection }
    } catch (error) {
      options.signal?.throwIfAborted()
      if ((error as Error).name === 'UnsupportedProtocolError') throw new UnsupportedProtocolError(target.peer, protocol, { cause: error })
      // The connection was gone and nobody had noticed: the peer itself may well be there.
      const dead = connection.status !== 'open' || (error as Error).name === 'TimeoutError'
      if (!dead) throw new StreamClosedError(protocol, 'the other end refused it', { cause: error })
      if (known !== undefined && target.addresses.length > 0) {
        known.abort(error as Error)
        return await newStream(target, protocol, options)
      }
      throw new PeerUnreachableError(target.peer, [{ address: connection.remoteAddr.toString(), reason: dialReason(error) }], { cause: error })
    }
  }
  return {
    checkRunning,
    async open (target, protocol, { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, signal } = {}) {
      checkRunning()
      const { stream, connection } = await newStream(target, protocol, { signal })
      const frames = wrap(stream, connection, protocol, maxFrameBytes)
      if (stopped) frames.abort(new StoppedError('The network'))
      return frames
    },
    async handle (protocol, handler, { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, maxStreamsPerPeer = DEFAULT_MAX_STREAMS_PER_PEER } = {}) {
      checkRunning()
      const perPeer = new Map<string, number>()
      await libp2p.handle(protocol, (stream, connection) => {
        const frames = wrap(stream, connection, protocol, maxFrameBytes)
        const count = (perPeer.get(frames.peer) ?? 0) + 1
        if (count > maxStreamsPerPeer || stopped) {
          frames.abort(stopped ? new StoppedError('The network') : new TooManyStreamsError(protocol, maxStreamsPerPeer))
          return
        }
        perPeer.set(frames.peer, count)
        frames.signal.addEventListener('abort', () => {
          const left = (perPeer.get(frames.peer) ?? 1) - 1
          if (left > 0) perPeer.set(frames.peer, left)
          else perPeer.delete(frames.peer)
        })
        const running = run(frames, handler).finally(() => { handling.delete(running) })
        handling.add(running)
      }, LIBP2P_STREAM_LIMITS)
      return async () => { await libp2p.unhandle(protocol) }
    },
    async stop () {
      stopped = true
      for (const frames of [...open]) frames.abort(new StoppedError('The network'))
      try {
        await withTimeout(Promise.all(handling), 'Stopping the handlers of streams', STOP_TIMEOUT_MS, clock)
      } catch (error) {
        logger.warn('handlers were still running when the network stopped', { handlers: handling.size, error })
      }
    }
  }
}
