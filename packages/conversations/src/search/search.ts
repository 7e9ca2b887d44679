import { InvalidArgumentError, StoppedError, createEmitter, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Conversations } from '../types.ts'
import { createDocumentNumbers } from './document-numbers.ts'
import { createFind } from './find.ts'
import { createIndexer } from './indexer.ts'
import { MAX_EXTERNAL_CHARS } from './records.ts'
import { createSearchEntries } from './search-entries.ts'
import { ROOT, createSealedEntries } from './sealed-entries.ts'
import { createSegmentSet } from './segment-set.ts'
import { createTakeIn } from './take-in.ts'
import { createTokenise } from './tokens.ts'
import type { Search, SearchEvents } from './types.ts'

export interface SearchComponents {
  store: Store
  conversations: Pick<Conversations, 'on' | 'ids' | 'open' | 'holder'>
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** What the index is sealed under: 32 bytes, `storageKey` of the device's keys. */
  storageKey: Uint8Array
  /** Returns the person's private labels of a conversation; `refresh` says when they change. */
  privateLabels?: ((conversation: CID) => Promise<readonly string[]>) | undefined
  /** Returns the person's own name for somebody; `refresh` says when they change. */
  nameOf?: ((did: Did) => Promise<string | undefined>) | undefined
}

export interface SearchInit {
  /** Bytes of the index that stay in memory; one segment, of a few MB, is there whatever is said here. @default 33554432 */
  maxMemoryBytes?: number | undefined
  /** How long what changes waits for more, in milliseconds. @default 200 */
  settleMs?: number | undefined
}

/**
 * Opens the search index of a store, and brings it up to date in the background.
 *
 * @throws {StorageUnavailableError}
 */
export async function createSearch ({ store, conversations, clock, random, logger: parent, storageKey, privateLabels, nameOf }: SearchComponents, { maxMemoryBytes = 32 * 1024 * 1024, settleMs = 200 }: SearchInit = {}): Promise<Search> {
  const logger = parent.child('search')
  const events = createEmitter<SearchEvents>(logger)
  const tokenise = createTokenise()
  const sealed = createSealedEntries({ store, random, logger, storageKey })
  const entries = createSearchEntries(sealed)
  const set = createSegmentSet({ store, entries: sealed, tokenise }, { maxMemoryBytes })
  const { takeIn, forget } = createTakeIn({ conversations, set, entries, numbers: createDocumentNumbers(sealed.numberingKey), privateLabels, nameOf })
  const indexer = createIndexer({ conversations, set, entries, takeIn, forget, clock, logger, progress: (done, total) => { events.emit('progress', { done, total }) } }, { settleMs })
  const find = createFind({ set, tokenise, clock, subjectOf: entries.subject })
  const stopped = new AbortController()
  const checkRunning = (): void => {
    if (stopped.signal.aborted) throw new StoppedError('The search')
  }
  const stop = async (): Promise<void> => {
    stopped.abort(new StoppedError('The search'))
    await indexer.stop()
  }

  conversations.on('action', ({ conversation, home }) => { if (!home) indexer.mark(conversation) }, { signal: stopped.signal })
  conversations.on('unlocked', ({ conversation }) => { indexer.mark(conversation) }, { signal: stopped.signal })
  conversations.on('purged', ({ conversation }) => {
    // What cannot be removed now is when the notes are looked through again.
    indexer.remove(conversation).catch((error: unknown) => { if (!stopped.signal.aborted) logger.warn('a purged conversation is in the search index still', { reason: (error as Error).message }) })
  }, { signal: stopped.signal })
  await set.open()
  indexer.markAll('uncovered')

  return {
    on: events.on,
    async * find (query, options) {
      checkRunning()
      try {
        const signals = options?.signal === undefined ? [stopped.signal] : [stopped.signal, options.signal]
        yield * find(query, { ...options, signal: AbortSignal.any(signals) })
      } finally {
        // What a search found damaged is made anew.
        if (set.isDamaged) indexer.markAll('uncovered')
      }
    },
    async addDocument ({ conversation, message, kind, text }) {
      checkRunning()
      if (text.length > MAX_EXTERNAL_CHARS) throw new InvalidArgumentError(`A text about a message has at most ${MAX_EXTERNAL_CHARS} characters, not ${text.length}`)
      const group = conversation.toString()
      await indexer.during(conversation, async () => { await store.commit([entries.putExternal(group, { v: 1, message, kind, text: text.toWellFormed() }), entries.deleteNote(group)], { durable: true }) })
    },
    async removeDocument ({ conversation, message, kind }) {
      checkRunning()
      const group = conversation.toString()
      await indexer.during(conversation, async () => { await store.commit([entries.deleteExternal(group, { message, kind }), entries.deleteNote(group)], { durable: true }) })
    },
    refresh (conversation) {
      if (conversation === undefined) indexer.markAll('all')
      else indexer.mark(conversation)
    },
    remove: async conversation => { await indexer.remove(conversation) },
    async erase () {
      checkRunning()
      await stop()
      await store.commit(await sealed.removeAll(ROOT), { durable: true })
    },
    async rebuild (options) {
      await indexer.clear()
      indexer.markAll('uncovered')
      await indexer.caughtUp(options)
    },
    caughtUp: async options => { await indexer.caughtUp(options) },
    size: () => set.size(),
    stop
  }
}
