import { StoppedError, withTimeout, type AbortOptions, type CID, type Clock, type Logger } from '@parley/core'
import type { DeviceKeys, Did, People } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import type { Admits } from '../sync/admission.ts'
import { cardsOf, learnCards, readCards } from '../sync/contact-cards.ts'
import { ProtocolViolationError, refusalOf } from '../sync/errors.ts'
import { refuseFrame } from '../sync/frames.ts'
import type { SessionComponents } from '../sync/session.ts'
import type { Conversations, DecodedAction } from '../types.ts'
import { windowFrameCodec, type WindowFrame } from './frames.ts'
import { ANSWER_TIMEOUT_MS, ASK_TIMEOUT_MS, MAX_WINDOW, MAX_WINDOW_FRAME_BYTES, MAX_WINDOW_STREAMS_PER_PEER, WINDOW_PROTOCOL } from './limits.ts'
import { signersOf, type WindowAnswer } from './read-window.ts'
import { answerWindow } from './serve-window.ts'

export interface WindowOptions extends AbortOptions {
  /** How many actions, at most 512. @default 50 */
  count?: number | undefined
  /** The oldest action that is shown already: those before it are wanted. */
  before?: DecodedAction | undefined
  /** Told of the actions that came so far. */
  onProgress?: ((progress: { received: number, count: number }) => void) | undefined
}

/** A stretch of a conversation, seen before its log is here. */
export interface Window {
  /** The newest first. Provisional: only the log tells whether their authors were in the conversation. */
  actions: DecodedAction[]
  /** Whether there is nothing before them, as the peer says. */
  isBeginning: boolean
}

export interface Windows {
  /**
   * Asks a peer for the newest actions of a conversation, or for those before
   * some, without the rest of its log. Nothing is stored.
   *
   * @throws {NotAllowedError | PeerRefusedError} when the peer does not show it to us
   * @throws {InvalidWindowError | ProtocolViolationError | InvalidBytesError | OversizedBytesError | TimeoutError} when it gives what it should not, or nothing
   * @throws {PeerUnreachableError} when it cannot be dialled
   */
  window(conversation: CID, target: PeerTarget, options?: WindowOptions): Promise<Window>
  stop(): Promise<void>
}

export interface WindowComponents {
  network: Network
  conversations: Conversations
  people: People
  device: DeviceKeys
  /** Whose device this is; absent at a keyless holder. */
  person?: Did | undefined
  logger: Logger
  clock: Clock
}

/** Creates what asks for windows, and begins to answer others on `/parley/window/1`. */
export async function createWindows (components: WindowComponents, { serves = () => [], admits }: { serves?: (() => Did[]) | undefined, admits?: Admits | undefined } = {}): Promise<Windows> {
  const { network, conversations, people, clock, person } = components
  const logger = components.logger.child('window')
  const stopping = new AbortController()
  const session: SessionComponents = { conversations, people, clock, logger, own: () => ({ person, serves: serves() }), admits }

  const answer = async (stream: FrameStream): Promise<void> => {
    try {
      const bytes = await withTimeout(stream.receive(), `The question of ${stream.peer}`, ASK_TIMEOUT_MS, clock, { signal: stopping.signal })
      if (bytes === undefined) return
      const frame = windowFrameCodec.decode(bytes)
      if (frame.type !== 'ask') throw new ProtocolViolationError(WINDOW_PROTOCOL, `a ${frame.type} frame came first`)
      for await (const part of answerWindow(session, stream.peer, frame)) {
        await withTimeout(stream.send(windowFrameCodec.encode(part), { signal: stopping.signal }), `Answering ${stream.peer}`, ANSWER_TIMEOUT_MS, clock)
      }
      await stream.close()
    } catch (error) {
      logger.info('a window was not given', { peer: stream.peer, error })
      await refuse(stream, error as Error)
    }
  }
  const refuse = async (stream: FrameStream, error: Error): Promise<void> => {
    try {
      await withTimeout(stream.send(windowFrameCodec.encode(refuseFrame(error))), 'Refusing a stream', ASK_TIMEOUT_MS, clock)
      await stream.close()
    } catch {
      stream.abort(error)
    }
  }
  const next = async (stream: FrameStream, signal: AbortSignal): Promise<WindowFrame> => {
    const bytes = await withTimeout(stream.receive({ signal }), `The window of ${stream.peer}`, ANSWER_TIMEOUT_MS, clock, { signal })
    if (bytes === undefined) throw new ProtocolViolationError(WINDOW_PROTOCOL, 'it closed the stream in the middle of a window')
    const frame = windowFrameCodec.decode(bytes)
    if (frame.type === 'refuse') throw refusalOf(frame)
    return frame
  }
  const receive = async (stream: FrameStream, { count, onProgress, signal }: { count: number, onProgress: WindowOptions['onProgress'], signal: AbortSignal }): Promise<WindowAnswer> => {
    const head = await next(stream, signal)
    if (head.type !== 'head') throw new ProtocolViolationError(WINDOW_PROTOCOL, `a ${head.type} frame came first`)
    const blocks: Uint8Array[] = []
    for (let last = false; !last;) {
      const frame = await next(stream, signal)
      if (frame.type !== 'blocks') throw new ProtocolViolationError(WINDOW_PROTOCOL, `a ${frame.type} frame came where blocks were due`)
      if (frame.blocks.length === 0 && !frame.last) throw new ProtocolViolationError(WINDOW_PROTOCOL, 'it sent an empty frame that is not the last')
      blocks.push(...frame.blocks)
      if (blocks.length > count) throw new ProtocolViolationError(WINDOW_PROTOCOL, `it sent more than the ${count} actions that were asked for`)
      onProgress?.({ received: blocks.length, count })
      last = frame.last
    }
    const answer = { basics: head.basics, keys: head.keys, blocks }
    // Of people of whom nothing is known here, the device lists come along with the blocks they signed.
    await learnCards(await readCards(head.cards, { logger, peer: stream.peer }), signersOf(answer), { people, logger })
    return answer
  }

  const unhandle = await network.handle(WINDOW_PROTOCOL, answer, { maxFrameBytes: MAX_WINDOW_FRAME_BYTES, maxStreamsPerPeer: MAX_WINDOW_STREAMS_PER_PEER })
  return {
    async window (conversation, target, { count = 50, before, onProgress, signal: given } = {}) {
      const signal = given === undefined ? stopping.signal : AbortSignal.any([given, stopping.signal])
      signal.throwIfAborted()
      const wanted = Math.min(Math.max(1, Math.floor(count)), MAX_WINDOW)
      const stream = await network.open(target, WINDOW_PROTOCOL, { signal, maxFrameBytes: MAX_WINDOW_FRAME_BYTES })
      try {
        const cards = person === undefined ? [] : await cardsOf([person], people)
        await stream.send(windowFrameCodec.encode({ v: 1, type: 'ask', conversation, before: before?.cid ?? null, count: wanted, cards }), { signal })
        const received = await receive(stream, { count: wanted, onProgress, signal })
        await stream.close()
        const actions = await conversations.readWindow(conversation, received, { before, count: wanted })
        return { actions, isBeginning: received.blocks.length < wanted }
      } catch (error) {
        stream.abort(error as Error)
        throw error
      }
    },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The windows'))
      await unhandle()
    }
  }
}
