import { raceSignal, withTimeout, type AbortOptions, type Clock, type Logger, type Store } from '@parley/core'
import { pipe } from 'it-pipe'
import type { CID } from 'multiformats/cid'
import type { FrameStream, Network, PeerTarget } from '../network.ts'
import { MAX_BLOCK_BYTES } from '../network.ts'
import { BLOCKS_PROTOCOL, blockReplyCodec, blockRequestCodec } from './block-messages.ts'

/** How long a peer that we reached may take over one block. */
const ANSWER_TIMEOUT_MS = 10_000

/** Answers requests on one stream, in order, from our own store alone. */
export async function serveBlocks (stream: FrameStream, store: Store): Promise<void> {
  await pipe(
    stream,
    async function * (requests) {
      for await (const request of requests) {
        const { id, cid } = blockRequestCodec.decode(request)
        const block = await store.getBlock(cid, { signal: stream.signal })
        // A larger one is of another program that shares the store; bitswap serves it.
        yield blockReplyCodec.encode({ v: 1, id, block: block === undefined || block.byteLength > MAX_BLOCK_BYTES ? null : block })
      }
    },
    async replies => { for await (const reply of replies) await stream.send(reply) }
  )
}

/** Asks peers for blocks over one lasting stream each. */
export interface BlockExchange {
  /**
   * Returns the block's bytes, not checked yet, or undefined where the peer does not have it.
   *
   * @throws {PeerUnreachableError | UnsupportedProtocolError | StreamClosedError | TimeoutError}
   */
  ask(target: PeerTarget, cid: CID, options?: AbortOptions): Promise<Uint8Array | undefined>
}

interface Session {
  request(cid: CID): { id: number, reply: Promise<Uint8Array | undefined> }
  forget(id: number): void
}

/** Creates the asking side; streams are opened when first needed and last as long as their connection. */
export function createBlockExchange ({ open, clock, logger }: { open: Network['open'], clock: Clock, logger: Logger }): BlockExchange {
  const sessions = new Map<string, Promise<Session>>()

  const begin = async (target: PeerTarget): Promise<Session> => {
    const stream = await open(target, BLOCKS_PROTOCOL)
    return createSession(stream, logger, () => { sessions.delete(target.peer) })
  }
  const sessionWith = (target: PeerTarget): Promise<Session> => {
    const known = sessions.get(target.peer)
    if (known !== undefined) return known
    const session = begin(target)
    sessions.set(target.peer, session)
    session.catch(() => { sessions.delete(target.peer) })
    return session
  }
  return {
    async ask (target, cid, { signal } = {}) {
      // The session outlives this call: its opening is shared and must not end with our signal.
      const session = await raceSignal(sessionWith(target), signal)
      const { id, reply } = session.request(cid)
      try {
        return await withTimeout(reply, `Fetching a block from ${target.peer}`, ANSWER_TIMEOUT_MS, clock, { signal })
      } finally {
        session.forget(id)
      }
    }
  }
}

function createSession (stream: FrameStream, logger: Logger, onEnd: () => void): Session {
  const pending = new Map<number, PromiseWithResolvers<Uint8Array | undefined>>()
  let nextId = 0
  const fail = (error: Error): void => {
    onEnd()
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }
  const read = async (): Promise<void> => {
    for await (const frame of stream) {
      const { id, block } = blockReplyCodec.decode(frame)
      // An answer that nobody waits for any more is no offence.
      pending.get(id)?.resolve(block ?? undefined)
    }
    await stream.close()
  }
  stream.signal.addEventListener('abort', () => { fail(stream.signal.reason as Error) })
  read().catch((error: unknown) => {
    logger.debug('a block stream ended', { peer: stream.peer, error })
    stream.abort(error as Error)
  })
  return {
    request (cid) {
      const id = nextId
      nextId = (nextId + 1) % 0x1_0000_0000
      const answer = Promise.withResolvers<Uint8Array | undefined>()
      pending.set(id, answer)
      answer.promise.catch(() => {})
      stream.send(blockRequestCodec.encode({ v: 1, id, cid })).catch(answer.reject)
      return { id, reply: answer.promise }
    },
    forget (id) { pending.delete(id) }
  }
}
