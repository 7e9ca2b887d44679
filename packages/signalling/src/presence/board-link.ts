import { TimeoutError, withTimeout, type Logger, type RandomBytes } from '@parley/core'
import { peerIdFromDid, type Did } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import type { DidBook } from '../ids.ts'
import { createBoardReader, type ReaderContext } from './board-reader.ts'
import { MAX_PERSONS_PER_FRAME, MAX_PRESENCE_FRAME_BYTES, MAX_WATCHED, PRESENCE_PROTOCOL, boardCodec, diallerCodec, type DiallerFrame } from './presence-frames.ts'
import { PRESENCE_OPEN_MS, type PresenceTimers } from './presence-timers.ts'
import { createPump } from './pump.ts'
import type { Listing } from './watcher-outbox.ts'

/** What a link takes part in. */
export interface BoardLinkContext extends ReaderContext {
  network: Pick<Network, 'open'>
  dids: DidBook
  random: RandomBytes
  logger: Logger
  timers: PresenceTimers
  person(): Did
  /** The person's own list, which introduces us. */
  ownList(): Promise<Uint8Array | undefined>
  /** What we say of ourselves. */
  own(): Listing | undefined
  /** A board is about to be told of us: whether the device slept in between shows now. */
  checkOwn(): void
  onUp(board: Did): void
  onDown(board: Did): void
}

/** What a link is for; may change. */
export interface BoardWishes {
  /** Whom to watch there. */
  persons: ReadonlySet<Did>
  /** Whether the board is a proxy of ours, which is told of this device. */
  tell: boolean
}

/** A board we hold a stream to, dialled again whenever it ends. */
export interface BoardLink {
  want(wishes: BoardWishes): void
  /** Our own statement is a new one, or there is none any more. */
  said(): void
  /** Our newest link is out. */
  beat(): void
  /** The board can probably be reached now. */
  kick(): void
  stop(): Promise<void>
}

/** Keeps a stream to `board`. `addresses` is asked before each attempt; undefined ends the link until it is kicked. */
export function createBoardLink (context: BoardLinkContext, board: Did, addresses: () => Promise<string[] | undefined>): BoardLink {
  const { network, clock, dids, random, timers } = context
  const peer = peerIdFromDid(board)
  const stopping = new AbortController()
  let wishes: BoardWishes = { persons: new Set(), tell: false }
  let wakePump = (): void => {}
  let due = { said: false, beat: false, watch: false }
  let endPause = (): void => {}
  let failures = 0

  const connect = async (): Promise<void> => {
    const found = await addresses()
    if (found === undefined) { await pause(undefined); return }
    const timeout = new AbortController()
    const cancel = clock.setTimer(() => { timeout.abort(new TimeoutError(`Opening a presence stream to ${peer}`, PRESENCE_OPEN_MS)) }, PRESENCE_OPEN_MS)
    const startedAt = clock.monotonicNow()
    let stream: FrameStream | undefined
    try {
      stream = await network.open({ peer, addresses: found }, PRESENCE_PROTOCOL, { signal: AbortSignal.any([timeout.signal, stopping.signal]), maxFrameBytes: MAX_PRESENCE_FRAME_BYTES })
      cancel()
      await talk(stream)
      await stream.close()
    } catch (error) {
      stream?.abort(error as Error)
      if (isRefusal(error)) context.onRefused(error as Error, peer)
      else context.logger.debug('a presence stream ended', { peer, error })
    } finally {
      cancel()
    }
    if (stopping.signal.aborted) return
    // Who takes the stream and drops it at once is not dialled at once again.
    failures = clock.monotonicNow() - startedAt > timers.maxBackoffMs ? 1 : failures + 1
    await pause(Math.min(timers.maxBackoffMs, timers.minBackoffMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + (random(1)[0] ?? 0) / 255))
  }

  /** Waits so long, or for a kick. */
  const pause = async (durationMs: number | undefined): Promise<void> => {
    await new Promise<void>(resolve => {
      const cancel = durationMs === undefined ? () => {} : clock.setTimer(() => { endPause() }, Math.ceil(durationMs))
      endPause = () => { cancel(); resolve() }
      if (stopping.signal.aborted) endPause()
    })
  }

  const talk = async (stream: FrameStream): Promise<void> => {
    const watched = new Set<Did>()
    const list = await context.ownList()
    context.checkOwn()
    const first: DiallerFrame[] = [[1, 0, {
      person: dids.publicKey(context.person()), sentAt: Math.floor(clock.now()), ...(list === undefined ? {} : { list: new Uint8Array(list) })
    }]]
    due = { said: wishes.tell && context.own() !== undefined, beat: false, watch: true }
    const pump = createPump({ clock }, stream, () => {
      const frame = first.shift() ?? nextFrame(watched)
      return frame === undefined ? undefined : diallerCodec.encode(frame)
    })
    wakePump = pump.wake
    pump.wake()

    const reader = createBoardReader(context, board, stream)
    const hello = await withTimeout(stream.receive({ signal: stopping.signal }), 'The hello of a board', PRESENCE_OPEN_MS, clock)
    if (hello === undefined) return
    reader.greet(boardCodec.decode(hello))
    let heardAt = clock.monotonicNow()
    const checkDead = (): void => {
      const leftMs = heardAt + timers.deadMs - clock.monotonicNow()
      if (leftMs <= 0) stream.abort(new TimeoutError('A beat of a board', timers.deadMs))
      else cancel = clock.setTimer(checkDead, Math.ceil(leftMs))
    }
    let cancel = clock.setTimer(checkDead, timers.deadMs)
    // A stream that breaks counts at once, also while a frame is being read.
    const down = (): void => { context.onDown(board) }
    stream.signal.addEventListener('abort', down, { once: true })
    context.onUp(board)
    try {
      for (let bytes = await stream.receive({ signal: stopping.signal }); bytes !== undefined; bytes = await stream.receive({ signal: stopping.signal })) {
        heardAt = clock.monotonicNow()
        await reader.read(boardCodec.decode(bytes))
      }
    } finally {
      cancel()
      wakePump = () => {}
      stream.signal.removeEventListener('abort', down)
      context.onDown(board)
    }
  }

  const nextFrame = (watched: Set<Did>): DiallerFrame | undefined => {
    if (due.watch) {
      const drop = [...watched].filter(did => !wishes.persons.has(did)).slice(0, MAX_PERSONS_PER_FRAME)
      for (const did of drop) watched.delete(did)
      const add = [...wishes.persons].filter(did => !watched.has(did)).slice(0, Math.min(MAX_PERSONS_PER_FRAME, MAX_WATCHED - watched.size))
      for (const did of add) watched.add(did)
      due.watch = drop.length === MAX_PERSONS_PER_FRAME || add.length === MAX_PERSONS_PER_FRAME
      if (drop.length + add.length > 0) return [1, 1, add.map(dids.publicKey), drop.map(dids.publicKey)]
    }
    const own = context.own()
    if (due.said) {
      due = { ...due, said: false, beat: false }
      return [1, 2, own === undefined || !wishes.tell ? null : [own.block, own.n, own.link]]
    }
    if (!due.beat || own === undefined) return undefined
    due.beat = false
    return [1, 3, own.n, own.link]
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await connect()
      } catch (error) {
        context.logger.warn('a board could not be looked up', { peer, error })
        await pause(timers.maxBackoffMs)
      }
    }
  }
  const running = run()

  return {
    want (next) {
      if (next.tell !== wishes.tell) due.said = true
      wishes = next
      due.watch = true
      wakePump()
    },
    said () {
      if (!wishes.tell) return
      due.said = true
      wakePump()
    },
    beat () {
      if (!wishes.tell) return
      due.beat = true
      wakePump()
    },
    kick () { endPause() },
    async stop () {
      stopping.abort()
      endPause()
      await running
    }
  }
}

/** Tells what a peer sent apart from a connection that went away. */
function isRefusal (error: unknown): boolean {
  return ['InvalidBytesError', 'OversizedBytesError', 'PresenceFloodError'].includes((error as Error).name)
}
