import { StoppedError, type Clock, type Logger } from '@parley/core'
import { type Did } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import type { DidBook } from '../ids.ts'
import { createBoardBook, type BoardBook } from './board-book.ts'
import { createBoardSession, type BoardContext, type BoardSession } from './board-session.ts'
import { CrowdedBoardError } from './errors.ts'
import { MAX_PRESENCE_FRAME_BYTES, PRESENCE_PROTOCOL } from './presence-frames.ts'
import type { PresenceTimers } from './presence-timers.ts'
import type { PresencePeople } from './types.ts'

/** Devices that one board answers at a time. */
export const MAX_WATCHERS = 5_000
/** Persons that all of them together watch on one board. */
export const MAX_WATCHES = 200_000
/** One, and those that are not known to be dead yet. */
const MAX_STREAMS_PER_PEER = 4

interface Components { network: Pick<Network, 'handle'>, people: PresencePeople, dids: DidBook, clock: Clock, logger: Logger }
type Init = Pick<BoardContext, 'maySee' | 'onSkew' | 'onRefused'> & { persons(): readonly Did[], timers: PresenceTimers }

/** Tells watchers of the devices of the persons answered for. */
export interface Board {
  readonly book: BoardBook
  /** Looks up again who is served, who is a device, and who may see whom; with a person, what their device list decides. */
  refresh(person?: Did): Promise<void>
  stop(): Promise<void>
}

/** Answers presence streams. */
export async function createBoard ({ network, people, dids, clock, logger }: Components, { persons, timers, ...init }: Init): Promise<Board> {
  const book = createBoardBook({ people, clock }, timers)
  const sessions = new Map<BoardSession, FrameStream>()
  let streams = 0
  let watches = 0
  const context: BoardContext = {
    book, people, dids, clock, logger, timers, ...init,
    served: () => new Set(persons()),
    reserve (count) {
      if (watches + count > MAX_WATCHES) return false
      watches += count
      return true
    }
  }

  const refresh = async (person?: Did): Promise<void> => {
    await book.refresh(context.served(), person)
    await Promise.all([...sessions.keys()].map(async session => { await session.refresh(person) }))
  }
  const keepFresh = (): void => {
    cancel = clock.setTimer(() => {
      book.refresh(context.served()).catch((error: unknown) => { logger.warn('the devices of persons could not be looked up', { error }) })
      keepFresh()
    }, timers.beatMs)
  }
  let cancel = (): void => {}
  keepFresh()

  const unhandle = await network.handle(PRESENCE_PROTOCOL, async stream => {
    if (sessions.size >= MAX_WATCHERS) throw new CrowdedBoardError('devices at a time', MAX_WATCHERS)
    // Number 0 is this device itself.
    const session = createBoardSession(context, stream, ++streams)
    sessions.set(session, stream)
    try {
      await session.run()
    } finally {
      sessions.delete(session)
    }
  }, { maxFrameBytes: MAX_PRESENCE_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  return {
    book,
    refresh,
    async stop () {
      cancel()
      await unhandle()
      for (const stream of sessions.values()) stream.abort(new StoppedError('Presence'))
      book.stop()
    }
  }
}
