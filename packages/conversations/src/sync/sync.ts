import { createEmitter, StoppedError, withTimeout, type AbortOptions, type CID, type Clock, type Emitter, type Logger } from '@parley/core'
import { didFromPeerId, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import { PurgedConversationError } from '../purge/errors.ts'
import type { Conversations } from '../types.ts'
import type { Admits } from './admission.ts'
import { cardsOf, identify } from './contact-cards.ts'
import { ProtocolViolationError } from './errors.ts'
import { refuseFrame, syncFrameCodec } from './frames.ts'
import { HELLO_TIMEOUT_MS, MAX_STREAMS_PER_PEER, MAX_SYNC_FRAME_BYTES, SYNC_ALL_CONCURRENCY, SYNC_PROTOCOL } from './limits.ts'
import { answerList, askForList, digestOf, mayList, visible } from './list-exchange.ts'
import type { PeerPosition } from './peer-log.ts'
import { authoriseAgain, runSession, type SessionComponents, type SyncProgress, type SyncResult } from './session.ts'
import { holdersOf, mayShare } from './sharing-rule.ts'
import { equals } from 'uint8arrays'

export interface SyncEvents extends Record<string, unknown> {
  /** A batch was sent, or taken and on the disk. */
  progress: SyncProgress
  /** Both sides have on their disks what the other had; in a live sync the stream stays. */
  current: SyncProgress
  /** A peer listed what it holds for us: so many conversations differ from ours. */
  listed: { peer: string, unchanged: number, changed: number }
  /** More is known of what a peer has of a conversation that may go between us. */
  position: PeerPosition
  /** A sync that a peer had opened ended, with the error that ended it. */
  served: { conversation: CID | undefined, peer: string, error?: Error }
}

/** What became of one conversation of `syncAll`. */
export type SyncAllOutcome =
  | { ok: true, conversation: CID, result: SyncResult }
  | { ok: false, conversation: CID, error: Error }

export interface SyncAllResult {
  /** Conversations that were the same on both sides already. */
  unchanged: number
  outcomes: SyncAllOutcome[]
}

export interface SyncOptions extends AbortOptions {
  /**
   * Keep the stream and give each other what is new, at once, until the
   * signal aborts; the call then resolves.
   *
   * @default false
   */
  live?: boolean | undefined
}

export interface Sync extends Emitter<SyncEvents> {
  /**
   * Brings this conversation up to date on both sides, whether or not we have
   * it yet.
   *
   * @throws {NotAllowedError} when the peer may not see it, or will not show it to us
   * @throws {SyncInterruptedError} when the stream broke; calling again goes on from there
   * @throws {UnservedFrontierError | ProtocolViolationError | InvalidBytesError | OversizedBytesError | TimeoutError | PeerRefusedError} when the peer does not keep to the protocol
   * @throws {PeerUnreachableError} when it cannot be dialled
   * @throws {StorageUnavailableError} when nothing can be written here
   */
  sync(conversation: CID, target: PeerTarget, options?: SyncOptions): Promise<SyncResult>
  /**
   * Asks a peer what it holds for us, then brings what differs up to date,
   * both ways, with conversations that one side does not know yet.
   *
   * @throws the errors of `sync` that concern the list; those of one conversation are in its outcome
   */
  syncAll(target: PeerTarget, options?: AbortOptions): Promise<SyncAllResult>
  /** Ends what is under way and answers nobody any more. */
  stop(): Promise<void>
}

export interface SyncComponents {
  network: Network
  conversations: Conversations
  people: People
  device: DeviceKeys
  /** Whose device this is; absent at a keyless holder. */
  person?: Did | undefined
  logger: Logger
  clock: Clock
}

export interface SyncInit {
  /** The persons a holder serves, now. @default nobody */
  serves?: (() => Did[]) | undefined
  /** Whether peers may keep a stream for what is new. @default true */
  live?: boolean | undefined
  /** Asked before a conversation goes between us and a peer that may share it, and before what it brings is merged. @default everybody is admitted */
  admits?: Admits | undefined
}

/** Creates the sync of this node's conversations and begins to answer peers on `/parley/sync/1`. */
export async function createSync (components: SyncComponents, { serves = () => [], live: offersLive = true, admits }: SyncInit = {}): Promise<Sync> {
  const { network, conversations, people, clock } = components
  const logger = components.logger.child('sync')
  const emitter = createEmitter<SyncEvents>(logger)
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  const session: SessionComponents = { conversations, people, clock, logger, own: () => ({ person: components.person, serves: serves() }), admits }
  const told = {
    onProgress: (progress: SyncProgress) => { emitter.emit('progress', progress) },
    onCurrent: (progress: SyncProgress) => { emitter.emit('current', progress) },
    onPosition: (position: PeerPosition) => { emitter.emit('position', position) }
  }

  async function track<T> (work: Promise<T>): Promise<T> {
    underWay.add(work)
    try {
      return await work
    } finally {
      underWay.delete(work)
    }
  }
  const either = (signal: AbortSignal | undefined): AbortSignal => signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
  const opened = async (target: PeerTarget, signal: AbortSignal): Promise<FrameStream> => {
    return await network.open(target, SYNC_PROTOCOL, { signal, maxFrameBytes: MAX_SYNC_FRAME_BYTES })
  }

  const answer = async (stream: FrameStream): Promise<void> => {
    let conversation: CID | undefined
    try {
      const bytes = await withTimeout(stream.receive(), `The hello of ${stream.peer}`, HELLO_TIMEOUT_MS, clock, { signal: stopping.signal })
      if (bytes === undefined) return
      const frame = syncFrameCodec.decode(bytes)
      if (frame.type === 'list') {
        await answerList(session, stream, frame)
      } else if (frame.type === 'hello') {
        conversation = frame.conversation
        // What the session refuses, it tells the peer itself.
        await runSession(session, { stream, conversation, live: offersLive && frame.live, opening: { hello: frame }, signal: stopping.signal, ...told })
      } else {
        throw new ProtocolViolationError(SYNC_PROTOCOL, `a ${frame.type} frame came first`)
      }
      emitter.emit('served', { conversation, peer: stream.peer })
    } catch (error) {
      logger.warn('a sync that a peer opened failed', { peer: stream.peer, conversation: conversation?.toString(), error })
      if (conversation === undefined) await refuse(stream, error as Error)
      emitter.emit('served', { conversation, peer: stream.peer, error: error as Error })
    }
  }
  const refuse = async (stream: FrameStream, error: Error): Promise<void> => {
    try {
      await withTimeout((async () => {
        await stream.send(syncFrameCodec.encode(refuseFrame(error)))
        await stream.close()
      })(), 'Refusing a stream', 2_000, clock)
    } catch {
      stream.abort(error)
    }
  }

  const syncOne = async (conversation: CID, target: PeerTarget, live: boolean, signal: AbortSignal): Promise<SyncResult> => {
    signal.throwIfAborted()
    if (conversations.isPurged(conversation)) throw new PurgedConversationError('here')
    const opening = await authoriseAgain(session, target.peer, conversation)
    const stream = await opened(target, signal)
    return await runSession(session, { stream, conversation, live, opening, signal, ...told })
  }
  const differing = async (target: PeerTarget, signal: AbortSignal): Promise<{ unchanged: number, changed: CID[] }> => {
    const stream = await opened(target, signal)
    const listed = new Set<string>()
    const changed: CID[] = []
    let unchanged = 0
    const peer = await identify(target.peer, [], { people, clock })
    try {
      const cards = components.person === undefined ? [] : await cardsOf([components.person], people)
      for await (const { conversation, digest } of askForList({ clock, logger }, stream, cards, { signal })) {
        listed.add(conversation.toString())
        // What was removed here for good is nothing to fetch.
        if (conversations.isPurged(conversation)) continue
        const shared = mayShare(peer, session.own(), await holdersOf(conversations.holder(conversation)))
        const ours = await digestOf(conversations, conversation, shared.ok ? shared.view : undefined)
        if (ours !== undefined && equals(ours, digest)) unchanged++
        else changed.push(conversation)
      }
      await stream.close()
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
    for await (const { conversation, holders } of visible(conversations)) {
      if (!listed.has(conversation.toString()) && (await mayList(session, peer, conversation, holders)).ok) changed.push(conversation)
    }
    return { unchanged, changed }
  }
  /** Tries again what a guest may have only now, since the guest log that says so came with the others. */
  const retryGuests = async (outcomes: SyncAllOutcome[], target: PeerTarget, signal: AbortSignal): Promise<void> => {
    for (const [place, { ok, conversation }] of outcomes.entries()) {
      if (ok || (await conversations.holder(conversation).guests()).length === 0) continue
      try {
        outcomes[place] = { ok: true, conversation, result: await syncOne(conversation, target, false, signal) }
      } catch (error) {
        signal.throwIfAborted()
        outcomes[place] = { ok: false, conversation, error: error as Error }
      }
    }
  }
  const syncAll = async (target: PeerTarget, signal: AbortSignal): Promise<SyncAllResult> => {
    const { unchanged, changed } = await differing(target, signal)
    emitter.emit('listed', { peer: target.peer, unchanged, changed: changed.length })
    const outcomes: SyncAllOutcome[] = []
    const rest = changed.values()
    const worker = async (): Promise<void> => {
      for (const conversation of rest) {
        try {
          outcomes.push({ ok: true, conversation, result: await syncOne(conversation, target, false, signal) })
        } catch (error) {
          signal.throwIfAborted()
          outcomes.push({ ok: false, conversation, error: error as Error })
        }
      }
    }
    await Promise.all(Array.from({ length: SYNC_ALL_CONCURRENCY }, worker))
    await retryGuests(outcomes, target, signal)
    return { unchanged, outcomes }
  }

  const unhandle = await network.handle(SYNC_PROTOCOL, async stream => { await track(answer(stream)) }, { maxFrameBytes: MAX_SYNC_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  logger.info('answering syncs', { device: didFromPeerId(network.peerId) })
  return {
    on: emitter.on.bind(emitter),
    sync: async (conversation, target, { signal, live = false } = {}) => await track(syncOne(conversation, target, live, either(signal))),
    syncAll: async (target, { signal } = {}) => await track(syncAll(target, either(signal))),
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The sync'))
      await unhandle()
      await Promise.allSettled(underWay)
    }
  }
}
