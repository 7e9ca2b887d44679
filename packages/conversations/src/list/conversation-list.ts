import { CID, createEmitter, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Home } from '../home/home.ts'
import { ABOUT_PREFIX, decodeAbout, isConversation } from '../log/log-pages.ts'
import { comparePoints } from '../private/log-point.ts'
import type { Marks } from '../private/marks.ts'
import type { PrivateState } from '../private/private-state.ts'
import type { Conversations } from '../types.ts'
import { createContentOpener } from './content-opener.ts'
import type { GrowthMarks } from './growth-marks.ts'
import { createMatcher, entryOf, type ListEntry, type ListFilter, type ListedMarks } from './list-entry.ts'
import { createListKeeper } from './list-keeper.ts'
import { createOrder, fromCursor, toCursor } from './order.ts'
import { createSummaryStore } from './summary-store.ts'
import type { Summary } from './summary.ts'

export interface ConversationListEvents extends Record<string, unknown> {
  /** An entry is another than before, or new. That a time set for `mutedUntil` or `expiresAt` came is not told. */
  changed: { id: CID, entry: ListEntry }
  /** A conversation was purged, and its entry with it. */
  removed: { id: CID }
}

/** A part of the list. */
export interface ListPage {
  entries: ListEntry[]
  /** To go on from; undefined where nothing follows. */
  next: string | undefined
}

/** The conversations of a person, by their newest activity; read from a summary of each, without opening any. */
export interface ConversationList extends Emitter<ConversationListEvents> {
  /**
   * Returns entries, the newest activity first. With `after` those behind the
   * last one of an earlier page, where that stood then: what moves to the top
   * meanwhile is not repeated and makes nothing else be left out.
   *
   * @throws {InvalidArgumentError} when `after` is no page's `next`
   */
  page(options?: ListFilter & {
    /** @default 50 */
    limit?: number | undefined
    after?: string | undefined
  }): ListPage
  /** Returns one entry, or undefined where the conversation is unknown or not in the list yet. */
  get(id: CID): ListEntry | undefined
  /** Resolves once everything that was told of before is in the list. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export interface ConversationListComponents {
  conversations: Conversations
  home: Home
  privateState: PrivateState
  /** The marks of the store that `conversations` has. */
  growth: GrowthMarks
  person: Did
  /** The 32-byte key of this device, under which it keeps what only it can read. */
  storageKey: Uint8Array
  clock: Clock
  random: RandomBytes
  logger: Logger
}

interface Row { id: CID, /** The text of `id`. */ name: string, summary: Summary }

/** Opens the list. What a process that died left undone, or that is damaged, is made anew from the logs meanwhile. */
export async function createConversationList ({ conversations, home, privateState, growth, person, storageKey, clock, random, logger: parent }: ConversationListComponents): Promise<ConversationList> {
  const logger = parent.child('list')
  const events = createEmitter<ConversationListEvents>(logger)
  const summaries = createSummaryStore({ store: growth.store, random, logger, storageKey })
  const rows = new Map<string, Row>()
  const marks = new Map<string, ListedMarks>()
  const order = createOrder()
  const put = (id: CID, summary: Summary): void => {
    const name = id.toString()
    rows.set(name, { id, name, summary })
    order.move(name, summary.activity)
  }
  const entry = ({ id, name, summary }: Row): ListEntry => entryOf(id, summary, marks.get(name), clock.now())
  const tell = (row: Row | undefined): void => { if (row !== undefined) events.emit('changed', { id: row.id, entry: entry(row) }) }
  const remove = (id: CID): void => {
    keeper.gone(id)
    order.remove(id.toString())
    if (rows.delete(id.toString())) events.emit('removed', { id })
  }
  const keeper = createListKeeper({
    conversations,
    growth,
    summaries,
    opener: createContentOpener({ home }),
    person,
    logger,
    readTo: name => marks.get(name)?.readTo,
    known: name => rows.get(name)?.summary,
    told (id, summary) {
      if (conversations.isPurged(id)) return
      put(id, summary)
      tell(rows.get(id.toString()))
    }
  })
  /** Takes marks in; tells whether the person read on. */
  const mark = (id: CID, { labels, muted, archived, favourite, unread, readTo }: Marks): void => {
    marks.set(id.toString(), { labels, muted, archived, favourite, unread, readTo })
    const row = rows.get(id.toString())
    const before = row?.summary.readTo
    const isSame = readTo === undefined ? before === undefined : before !== undefined && comparePoints(readTo, before) === 0
    if (row !== undefined && !isSame) keeper.read(id)
  }

  // Before anything is read, so that nothing falls between.
  const offs = [
    conversations.on('action', ({ action, home: isHome }) => { if (!isHome) keeper.gained(action) }),
    conversations.on('unlocked', ({ conversation }) => { keeper.whole(conversation) }),
    // Whether they may read it says how it is shown.
    conversations.on('guests', ({ conversation }) => { if (rows.has(conversation.toString())) keeper.whole(conversation) }),
    conversations.on('purged', ({ conversation }) => { remove(conversation) }),
    privateState.on('changed', change => {
      mark(change.conversation, change.marks)
      tell(rows.get(change.conversation.toString()))
    })
  ]
  for await (const { id, summary } of summaries.all()) {
    if (conversations.isPurged(id)) keeper.gone(id)
    else if (summary === undefined) keeper.whole(id)
    else put(id, summary)
  }
  for await (const { conversation, marks: found } of privateState.list()) mark(conversation, found)
  for (const [name, logRows] of await growth.marked()) {
    const row = rows.get(name)
    if (conversations.isPurged(CID.parse(name))) keeper.gone(CID.parse(name))
    else if (await isNoConversation(growth.store, name)) continue
    else if (row?.summary.rows === logRows) await growth.commit(name, logRows, [])
    else keeper.whole(CID.parse(name))
  }
  const isComplete = await summaries.isComplete()
  for await (const id of isComplete ? [] : conversations.ids()) if (!rows.has(id.toString())) keeper.whole(id)
  const completed = (async (): Promise<void> => {
    keeper.start()
    if (!isComplete && await keeper.settled()) await growth.store.commit([summaries.complete()])
  })().catch((error: unknown) => { logger.warn('the list could not be completed; the next start goes on', { reason: (error as Error).message }) })

  return {
    on: events.on,
    page ({ limit = 50, after, ...filter } = {}) {
      const entries: ListEntry[] = []
      const isAsked = createMatcher(filter, clock.now())
      let next: string | undefined
      for (const place of order.after(after === undefined ? undefined : fromCursor(after))) {
        const row = rows.get(place.name)
        if (row === undefined || !isAsked(row.summary, marks.get(place.name))) continue
        if (entries.length === limit) return { entries, next }
        entries.push(entry(row))
        next = toCursor(place)
      }
      return { entries, next: undefined }
    },
    get (id) {
      const row = rows.get(id.toString())
      return row === undefined ? undefined : entry(row)
    },
    async settled () {
      await completed
      await keeper.settled()
    },
    async stop () {
      for (const off of offs) off()
      await keeper.stop()
      await completed
    }
  }
}

async function isNoConversation (store: Store, name: string): Promise<boolean> {
  const about = await store.get(ABOUT_PREFIX + name)
  return about !== undefined && !isConversation(decodeAbout(about))
}
