import { InvalidBytesError, TimeoutError, withTimeout, type Clock, type Logger } from '@parley/core'
import { decodeDeviceList, didFromPeerId, rolesOf, type Did } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import type { DidBook } from '../ids.ts'
import { createAllowance } from './allowance.ts'
import { followsLink } from './beat-chain.ts'
import type { BoardBook, BoardWatcher } from './board-book.ts'
import { CrowdedBoardError, PresenceFloodError, UntrustedPresenceError } from './errors.ts'
import { MAX_WATCHED, boardCodec, diallerCodec, type DiallerFrame } from './presence-frames.ts'
import { PRESENCE_OPEN_MS, type PresenceTimers } from './presence-timers.ts'
import { createPump } from './pump.ts'
import { readStatement } from './statement.ts'
import type { PresencePeople } from './types.ts'
import { createWatcherOutbox } from './watcher-outbox.ts'

/** Frames that a device may send at once, and in the long run each second: a person who flips a switch, not a flood. */
const FRAMES = { burst: 256, perSecond: 4 }
/** Persons in a frame that cost as much as another frame. */
const PERSONS_A_FRAME = 64

/** What the sessions of a board share. */
export interface BoardContext {
  book: BoardBook
  people: PresencePeople
  dids: DidBook
  clock: Clock
  logger: Logger
  timers: PresenceTimers
  served(): ReadonlySet<Did>
  maySee(asker: Did, of: Did): boolean
  /** Counts watched persons of all sessions; false when the board is full. */
  reserve(count: number): boolean
  onSkew(device: Did, offsetMs: number): void
  onRefused(error: Error, peer: string): void
}

/** One device that tells of itself, watches, or both. */
export interface BoardSession {
  /** Looks up again who may be seen; with a person, only where it is theirs. */
  refresh(person?: Did): Promise<void>
  /** Serves until the device closes; rejects when it breaks a rule. */
  run(): Promise<void>
}

/** Answers one stream; `number` grows with every stream of the board. */
export function createBoardSession (context: BoardContext, stream: FrameStream, number: number): BoardSession {
  const { book, people, dids, clock, timers } = context
  const device = didFromPeerId(stream.peer)
  const allowance = createAllowance({ clock }, FRAMES)
  const outbox = createWatcherOutbox()
  const asked = new Set<Did>()
  const seen = new Set<Did>()
  let said: { block: Uint8Array, n: number, link: Uint8Array } | undefined
  let person: Did | undefined
  let list: Uint8Array | undefined
  let offsetMs: number | undefined
  let greeted = false
  let over = false
  let turn: Promise<void> = Promise.resolve()

  const pump = createPump({ clock }, stream, () => {
    if (!greeted) {
      greeted = true
      return boardCodec.encode([1, 0, { sentAt: Math.floor(clock.now()) }])
    }
    const frame = outbox.next()
    return frame === undefined ? undefined : boardCodec.encode(frame)
  })
  const watcher: BoardWatcher = {
    set (key, listing) { outbox.set(key, listing); pump.wake() },
    gone (key) { outbox.gone(key); pump.wake() }
  }

  /** Tells whether the device is one of the person it says it is of; its list introduces it where it is not known. */
  const isOfPerson = async (role: (roles: readonly string[]) => boolean): Promise<boolean> => {
    if (person === undefined) return false
    const known = await people.list(person)
    if (known !== undefined && role(rolesOf(known, device, clock.now()))) { met(); return true }
    if (list === undefined) return false
    const introduced = await decodeDeviceList(list)
    if (introduced.person !== person) return false
    const kept = await people.learnList(list)
    list = undefined
    if (!role(rolesOf(kept, device, clock.now()))) return false
    met()
    return true
  }

  /** The clock of a stranger interests nobody. */
  const met = (): void => {
    if (offsetMs !== undefined) context.onSkew(device, offsetMs)
    offsetMs = undefined
  }

  // A stranger, somebody blocked and a contact of somebody who hides are all told the same: nothing.
  const evaluate = async (): Promise<void> => {
    const asker = person
    const served = context.served()
    const wanted = asker === undefined ? [] : [...asked].filter(of => served.has(of) && (of === asker || context.maySee(asker, of)))
    const visible = new Set(wanted.length > 0 && await isOfPerson(roles => roles.some(role => role !== 'proxy')) ? wanted : [])
    for (const of of seen) if (!visible.has(of)) { seen.delete(of); book.unsubscribe(of, watcher) }
    if (over) return
    for (const of of visible) if (!seen.has(of)) { seen.add(of); book.subscribe(of, watcher) }
  }
  const refresh = async (changed?: Did): Promise<void> => {
    if (changed !== undefined && changed !== person) return
    turn = turn.then(evaluate, evaluate)
    await turn
  }

  const publish = async ([block, n, link]: NonNullable<Extract<DiallerFrame, [1, 2, unknown]>[2]>): Promise<void> => {
    const { statement, verify } = readStatement(block)
    if (person === undefined || dids.did(statement.device) !== device || dids.did(statement.person) !== person) throw new UntrustedPresenceError(device, 'it speaks for somebody else')
    if (!context.served().has(person)) throw new UntrustedPresenceError(device, 'its person is not served here')
    if (!await isOfPerson(roles => roles.includes('endpoint'))) throw new UntrustedPresenceError(device, 'it is no endpoint of its person')
    if (!followsLink(link, n, { n: 0, link: statement.chain })) throw new UntrustedPresenceError(device, 'its beat does not belong to the statement')
    await verify()
    if (over) return
    book.publish({ person, device, stream: number }, { session: statement.session, seq: statement.seq, n }, { block, n, link })
    said = { block, n, link }
  }

  const withdraw = (): void => {
    said = undefined
    if (person !== undefined) book.withdraw({ person, device, stream: number })
  }

  const receive = async (frame: DiallerFrame): Promise<void> => {
    switch (frame[1]) {
      case 0:
        throw new InvalidBytesError('presence frame of a device', 'its hello came twice')
      case 1:
        for (const key of frame[3]) if (asked.delete(dids.did(key))) context.reserve(-1)
        for (const key of frame[2]) {
          const of = dids.did(key)
          if (asked.has(of)) continue
          if (asked.size >= MAX_WATCHED || !context.reserve(1)) throw new CrowdedBoardError('watched persons', MAX_WATCHED)
          asked.add(of)
        }
        await refresh()
        return
      case 2:
        if (frame[2] === null) withdraw()
        else await publish(frame[2])
        return
      case 3: {
        const [, , n, link] = frame
        if (person === undefined || said === undefined || n <= said.n || !followsLink(link, n, said)) throw new UntrustedPresenceError(device, 'its beat does not follow the one before')
        said = { ...said, n, link }
        book.beat({ person, device, stream: number }, n, link)
      }
    }
  }

  const greet = async (): Promise<void> => {
    const first = await withTimeout(stream.receive(), 'The hello of a presence stream', PRESENCE_OPEN_MS, clock)
    if (first === undefined) return
    const frame = diallerCodec.decode(first)
    if (frame[1] !== 0) throw new InvalidBytesError('presence frame of a device', 'there is no hello before it')
    person = dids.did(frame[2].person)
    list = frame[2].list
    offsetMs = frame[2].sentAt - clock.now()
    pump.wake()
  }

  const beat = (): void => {
    cancelBeat = clock.setTimer(beat, timers.beatMs)
    const since = pump.stuckSince()
    if (since !== undefined && clock.monotonicNow() - since >= timers.deadMs) { stream.abort(new TimeoutError('Taking presence', timers.deadMs)); return }
    refresh().catch((error: unknown) => { context.logger.warn('who may see whom could not be looked up', { error }) })
    outbox.beat()
    pump.wake()
  }
  let cancelBeat = clock.setTimer(beat, timers.beatMs)

  return {
    refresh,
    async run () {
      try {
        await greet()
        for await (const bytes of stream) {
          const frame = diallerCodec.decode(bytes)
          const persons = frame[1] === 1 ? frame[2].length + frame[3].length : 0
          if (!allowance.take(1 + persons / PERSONS_A_FRAME)) throw new PresenceFloodError(stream.peer, 'frames')
          await receive(frame)
        }
      } catch (error) {
        // What a connection dies of is not what the peer said.
        if (!stream.signal.aborted || (error as Error).name !== 'StreamClosedError') context.onRefused(error as Error, stream.peer)
        throw error
      } finally {
        over = true
        cancelBeat()
        withdraw()
        context.reserve(-asked.size)
        for (const of of seen) book.unsubscribe(of, watcher)
        seen.clear()
        asked.clear()
      }
    }
  }
}
