import { createEmitter, StoppedError, type Change, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { NotAllowedError } from '../sync/errors.ts'
import { openBox, type Box, type Held, type NewItem } from './box.ts'
import { awaitedDevices } from './drop-rule.ts'
import type { AckReason } from './frames.ts'
import { runHolderSession } from './holder-session.ts'
import {
  DEFAULT_MAX_BYTES, DEFAULT_MAX_ITEMS, DEFAULT_MAX_ITEMS_PER_SENDER, DEFAULT_RETENTION_MS, FIRST_LOOK_MS, LAST_LOOK_MS, MAILBOX_PROTOCOL, MAX_MAILBOX_FRAME_BYTES, MAX_STREAMS_PER_PEER,
  SWEEP_INTERVAL_MS
} from './limits.ts'

export interface MailboxEvents extends Record<string, unknown> {
  /** A device let go of items; `dropped` of them nobody needs any more. */
  acknowledged: { person: Did, device: Did, upTo: number, reason: AckReason, dropped: number }
  /** A device follows its person's mailbox from now on. */
  following: { person: Did, peer: string }
  /** Items ended their retention, or were held for a device that is no more. */
  swept: { person: Did, dropped: number }
}

export interface Mailbox extends Emitter<MailboxEvents> {
  /**
   * Returns the changes that put an item into a person's mailbox: commit them
   * in one batch with what the item announces, durably, before telling anybody
   * that it is kept. Once committed, devices that follow get it within a few
   * milliseconds of `announce`, or a little later by themselves.
   *
   * There are no changes when `admits` wants nothing of the sender.
   *
   * @throws {MailboxFullError} when there is no room, in all or for this sender; nothing is dropped to make some
   * @throws {NotAllowedError} when the person is not served here
   * @throws {InvalidBytesError | OversizedBytesError} when the item is none
   */
  put(person: Did, item: NewItem): Promise<Change[]>
  /** Hands on at once what was committed; errors of the store are logged. */
  announce(person: Did): Promise<void>
  /** Returns what is held for a person. */
  held(person: Did): Promise<Held>
  /** Drops, for everybody served, what no device needs or whose retention ended; happens every hour by itself. */
  sweep(): Promise<void>
  /** Ends all streams and waits for what is being written. */
  stop(): Promise<void>
}

export interface MailboxComponents {
  network: Network
  store: Store
  people: People
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface MailboxInit {
  /** Whose mailboxes are kept here, now. */
  serves: () => Did[]
  /** @default 90 days */
  retentionMs?: number | undefined
  /** @default 10000 a person */
  maxItems?: number | undefined
  /** @default 64 MiB a person */
  maxBytes?: number | undefined
  /** Items of one sender in a person's mailbox, where the sender is told. @default 2500 */
  maxItemsPerSender?: number | undefined
  /** Decides whether anything of a sender is put into a person's mailbox. @default all is */
  admits?: ((person: Did, from: Did) => boolean) | undefined
}

/** A mailbox in use: its items, and the devices that follow it. */
interface Served {
  box: Box
  wakers: Set<() => void>
  cancelLook: (() => void) | undefined
}

/** Creates the mailboxes of a holder and begins to answer devices on `/parley/mailbox/1`. */
export async function createMailbox (components: MailboxComponents, init: MailboxInit): Promise<Mailbox> {
  const { network, people, clock } = components
  const { serves, retentionMs = DEFAULT_RETENTION_MS, maxItems = DEFAULT_MAX_ITEMS, maxBytes = DEFAULT_MAX_BYTES, maxItemsPerSender = DEFAULT_MAX_ITEMS_PER_SENDER, admits = () => true } = init
  const logger = components.logger.child('mailbox')
  const emitter = createEmitter<MailboxEvents>(logger)
  const opened = new Map<Did, Promise<Served>>()
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  let cancelSweep: (() => void) | undefined

  const openServed = async (person: Did): Promise<Served> => {
    const awaited = async (): Promise<Did[]> => awaitedDevices(await people.list(person), clock.now())
    const box = await openBox({ ...components, logger }, { person, maxItems, maxBytes, maxItemsPerSender, retentionMs, awaited })
    return { box, wakers: new Set(), cancelLook: undefined }
  }
  const servedOf = async (person: Did): Promise<Served> => {
    const known = opened.get(person)
    if (known !== undefined) return await known
    const opening = openServed(person)
    opened.set(person, opening)
    // A store that could not be read once may be read next time.
    opening.catch(() => { opened.delete(person) })
    return await opening
  }
  const look = async (served: Served): Promise<void> => {
    try {
      await served.box.look()
    } catch (error) {
      logger.error('the store could not be read for new items', { error })
    }
    for (const wake of served.wakers) wake()
  }
  /** Looks for what was reserved while somebody waits for it, less and less often. */
  const lookLater = (served: Served, delayMs: number = FIRST_LOOK_MS): void => {
    served.cancelLook?.()
    served.cancelLook = undefined
    if (!served.box.isExpecting || served.wakers.size === 0 || stopping.signal.aborted) return
    served.cancelLook = clock.setTimer(() => {
      track(look(served).then(() => { lookLater(served, Math.min(delayMs * 2, LAST_LOOK_MS)) }))
    }, delayMs)
  }
  const track = (work: Promise<void>): void => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }
  const answer = async (stream: FrameStream): Promise<void> => {
    let leave = (): void => {}
    try {
      await runHolderSession({ people, clock, logger }, {
        stream,
        serves,
        box: async person => (await servedOf(person)).box,
        onServed (person, wake) {
          track(servedOf(person).then(served => {
            served.wakers.add(wake)
            leave = () => { served.wakers.delete(wake) }
            lookLater(served)
            wake()
          }))
          emitter.emit('following', { person, peer: stream.peer })
        },
        onAcknowledged (person, device, upTo, reason, dropped) { emitter.emit('acknowledged', { person, device, upTo, reason, dropped }) },
        signal: stopping.signal
      })
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn('a device did not follow its mailbox to the end', { peer: stream.peer, error })
    } finally {
      leave()
    }
  }
  const sweep = async (): Promise<void> => {
    for (const person of serves()) {
      const { box } = await servedOf(person)
      const dropped = await box.sweep()
      if (dropped === 0) continue
      logger.info('dropped items that nobody needs', { person, dropped })
      emitter.emit('swept', { person, dropped })
    }
  }
  const sweepLater = (): void => {
    cancelSweep = clock.setTimer(() => {
      track(sweep().catch((error: unknown) => { logger.error('the mailboxes could not be swept', { error }) }))
      sweepLater()
    }, SWEEP_INTERVAL_MS)
  }

  const unhandle = await network.handle(MAILBOX_PROTOCOL, async stream => {
    const work = answer(stream)
    track(work)
    await work
  }, { maxFrameBytes: MAX_MAILBOX_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  sweepLater()
  return {
    on: emitter.on.bind(emitter),
    async put (person, item) {
      stopping.signal.throwIfAborted()
      if (!serves().includes(person)) throw new NotAllowedError(`The mailbox of ${person} is not kept here`)
      if (item.from !== undefined && !admits(person, item.from)) return []
      const served = await servedOf(person)
      // What devices let go of since makes room.
      await served.box.look()
      const changes = served.box.reserve(item)
      lookLater(served)
      return changes
    },
    async announce (person) {
      const served = await servedOf(person)
      await look(served)
      lookLater(served)
    },
    held: async person => (await servedOf(person)).box.held(),
    sweep,
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The mailbox'))
      cancelSweep?.()
      await unhandle()
      await Promise.allSettled(underWay)
      for (const served of opened.values()) (await served.catch(() => undefined))?.cancelLook?.()
    }
  }
}
