import { StoppedError, raceSignal, type AbortOptions, type CID, type CancelTimer, type Clock, type Logger } from '@parley/core'
import { equals } from 'uint8arrays'
import type { Conversations } from '../types.ts'
import { breathe } from './breathe.ts'
import { createIndexBatch } from './index-batch.ts'
import type { Note } from './records.ts'
import type { SearchEntries } from './search-entries.ts'
import type { SegmentSet } from './segment-set.ts'
import { frontierHash, type TakeIn } from './take-in.ts'

/** Brings the index up to date, one thing at a time, in the background. */
export interface Indexer {
  /** Says that a conversation may have changed. */
  mark(conversation: CID): void
  /** Does what changes a conversation otherwise than in its log: until then no note says that the index covers it. */
  during(conversation: CID, work: () => Promise<void>): Promise<void>
  /** Says that all of them may have, or only what their notes do not cover. */
  markAll(which: 'all' | 'uncovered'): void
  /** Resolves once everything that is marked is in the index. */
  caughtUp(options?: AbortOptions): Promise<void>
  /** Removes a conversation, and writes its segments anew without it. */
  remove(conversation: CID): Promise<void>
  /** Empties the index. */
  clear(): Promise<void>
  stop(): Promise<void>
}

export interface IndexerComponents {
  conversations: Pick<Conversations, 'ids' | 'holder'>
  set: SegmentSet
  entries: SearchEntries
  takeIn: TakeIn
  /** Says that what `takeIn` remembers of the index may not be so. */
  forget(): void
  clock: Clock
  logger: Logger
  progress(done: number, total: number): void
}

/** After a failure, as of a full disk. */
const RETRY_MS = 30_000
/** A round waits this many times as long as the one before took: in a busy conversation the index takes a part of the time only. */
const REST = 10
const MAX_WAIT_MS = 10_000

export function createIndexer ({ conversations, set, entries, takeIn, forget, clock, logger, progress }: IndexerComponents, { settleMs }: { settleMs: number }): Indexer {
  const dirty = new Map<string, CID>()
  /** Conversations that are not in the store any more. */
  const gone = new Set<string>()
  /** Segments with words of conversations that were removed. */
  const purged = new Set<number>()
  const changing = new Map<string, number>()
  const stopping = new AbortController()
  const { signal } = stopping
  let survey: 'all' | 'uncovered' | undefined
  let last: Promise<unknown> = Promise.resolve()
  let cancel: CancelTimer | undefined
  let tookMs = 0
  const batch = createIndexBatch({ set, entries, isDirty: name => dirty.has(name) || changing.has(name) })

  const run = async <T> (task: () => Promise<T>): Promise<T> => {
    const mine = last.then(async () => {
      signal.throwIfAborted()
      return await task()
    })
    last = mine.catch(() => {})
    return await mine
  }
  const hasWork = (): boolean => dirty.size > 0 || survey !== undefined || set.isDamaged
  const schedule = (delayMs = Math.max(settleMs, Math.min(MAX_WAIT_MS, tookMs * REST))): void => {
    if (cancel !== undefined || signal.aborted || !hasWork()) return
    cancel = clock.setTimer(() => {
      cancel = undefined
      void run(round).catch((error: unknown) => {
        if (!signal.aborted) logger.warn('the search index is not up to date', { reason: (error as Error).message })
      })
    }, delayMs)
  }
  const clear = async (): Promise<void> => {
    forget()
    await set.clear(await entries.deleteNotes())
  }
  const removeNow = async (group: string): Promise<void> => {
    const drop = [...(await set.placesOf(group)).values()]
    for (const { segment } of drop) purged.add(segment)
    await set.apply({ add: [], drop, changes: await entries.deleteAll(group) })
    await merge()
  }
  const merge = async (): Promise<void> => {
    while (await set.mergeSome(signal, purged)) await breathe()
    purged.clear()
  }
  /** Marks what the notes do not cover, and removes what is not in the store any more. */
  const look = async (which: 'all' | 'uncovered'): Promise<void> => {
    const notes = new Map<string, Note>()
    for await (const note of entries.notes()) notes.set(note.conversation, note)
    for await (const id of conversations.ids({ signal })) {
      const name = id.toString()
      const note = notes.get(name)
      notes.delete(name)
      if (which === 'all' || note === undefined || note.unreadable > 0 || !await covers(note, id)) dirty.set(name, id)
    }
    for (const name of notes.keys()) await removeNow(name)
  }
  const covers = async (note: Note, id: CID): Promise<boolean> => {
    await breathe()
    signal.throwIfAborted()
    return equals(note.frontier, frontierHash(await conversations.holder(id).frontier()))
  }
  const takeInOne = async (id: CID): Promise<void> => {
    batch.begin(id)
    try {
      await takeIn(id, batch, signal)
    } catch (error) {
      const { name, message } = error as Error
      if (signal.aborted || name === 'StorageUnavailableError' || name === 'StoppedError') throw error
      if (name === 'UnknownConversationError') gone.add(id.toString())
      else logger.error('a conversation cannot be searched', { conversation: id.toString(), reason: message })
      batch.end(id)
    }
  }
  const round = async (): Promise<void> => {
    const startedMs = clock.monotonicNow()
    try {
      if (set.isDamaged) {
        logger.warn('the search index is damaged and made anew')
        await clear()
        survey = 'uncovered'
      }
      if (survey !== undefined) await look(survey)
      survey = undefined
      let done = 0
      for (let [first] = dirty; first !== undefined && !set.isDamaged; [first] = dirty) {
        const [name, id] = first
        if (batch.has(id) || batch.isFull) {
          await batch.flush()
          await merge()
        }
        dirty.delete(name)
        await takeInOne(id)
        progress(++done, done + dirty.size)
        await breathe()
        signal.throwIfAborted()
      }
      if (batch.conversations.length > 0) await batch.flush()
      await merge()
      for (const name of gone) await removeNow(name)
      gone.clear()
    } catch (error) {
      // Nobody knows how much of it was written.
      for (const id of batch.conversations) dirty.set(id.toString(), id)
      batch.reset()
      forget()
      schedule(RETRY_MS)
      throw error
    } finally {
      tookMs = clock.monotonicNow() - startedMs
    }
    schedule()
  }
  const mark = (conversation: CID): void => {
    dirty.set(conversation.toString(), conversation)
    schedule()
  }
  return {
    mark,
    async during (conversation, work) {
      const name = conversation.toString()
      changing.set(name, (changing.get(name) ?? 0) + 1)
      try {
        await work()
      } finally {
        mark(conversation)
        const others = (changing.get(name) ?? 1) - 1
        if (others === 0) changing.delete(name)
        else changing.set(name, others)
      }
    },
    markAll (which) {
      if (survey !== 'all') survey = which
      schedule()
    },
    async caughtUp (options) {
      await raceSignal(run(async () => {
        while (hasWork()) await round()
      }), options?.signal)
    },
    remove: async conversation => {
      await run(async () => {
        dirty.delete(conversation.toString())
        await removeNow(conversation.toString())
      })
    },
    clear: async () => {
      await run(clear)
    },
    async stop () {
      stopping.abort(new StoppedError('The search index'))
      cancel?.()
      await last
    }
  }
}
