import { StoppedError, type AbortOptions, type CID, type CancelTimer, type Clock, type Logger, type Store } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import { keyName } from '../format/key-name.ts'
import type { Home } from '../home/home.ts'
import { vaultedConversation } from '../home/vault.ts'
import { withoutAbout } from '../log/log-pages.ts'
import { accessOf, formerOf } from '../log/log-view.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import type { ConversationsEvents } from '../types.ts'
import { MAX_HOME_ACCESS, PURGED_COLLECTION, deletePurge, homePurgeCodec, putPurge, storedPurges, type PurgeRecord } from './purge-records.ts'
import { isLeft, removeLog, type RemoveLinked } from './remove-log.ts'

/** A conversation that does not come back by itself. */
export interface Purged {
  conversation: CID
  /** Wall milliseconds. */
  at: number
  /** `purging`: something of it is on the disk still. */
  state: 'purging' | 'purged'
  everywhere: boolean
}

/** Removes conversations for good, and knows which were. */
export interface Purges {
  /** Tells whether a conversation is not to come back. */
  has(id: CID): boolean
  /** Tells whether somebody who asks for a purged conversation may know that it was here. */
  mayKnow(id: CID, persons: readonly Did[]): boolean
  list(): Purged[]
  /** Removes a conversation that is here, or what is left of one. */
  remove(id: CID, options: AbortOptions & { everywhere?: boolean | undefined }): Promise<void>
  /** Lets a conversation come back. */
  forget(id: CID, options?: AbortOptions): Promise<void>
  /** Does what another device of the person said in the home. */
  told(conversation: CID, value: Uint8Array | undefined): Promise<void>
  /** Goes on with what an earlier process left, and with what the home says. */
  start(): void
  stop(): Promise<void>
}

export interface PurgesComponents {
  store: Store
  clock: Clock
  logger: Logger
  logs: OpenLogs
  events: { emit(type: 'purged', detail: ConversationsEvents['purged']): void }
  /** Yields the conversations that are here, home logs among them. */
  ids(): AsyncIterable<CID>
  /** Returns the home where there is one. */
  home(): Promise<Home | undefined>
  removeLinked?: RemoveLinked | undefined
  /** Forgets what is remembered of a log beside its own memory. */
  dropped(id: CID): void
}

/** After a failure, as of a file that is in use. */
const RETRY_MS = 30_000

/** Opens the purges of a store. */
export async function openPurges (components: PurgesComponents): Promise<Purges> {
  const { store, clock, logger, logs, events } = components
  const known = new Map<string, { id: CID, record: PurgeRecord, names: Set<string> }>()
  const running = new Map<string, Promise<void>>()
  const background = new Set<Promise<void>>()
  const stopping = new AbortController()
  let cancelRetry: CancelTimer | undefined

  const remember = (id: CID, record: PurgeRecord): void => {
    known.set(id.toString(), { id, record, names: new Set(record.access.map(key => keyName(key))) })
  }
  const run = (what: string, work: () => Promise<void>): void => {
    const done = work().catch((error: unknown) => {
      if (stopping.signal.aborted) return
      logger.warn(what, { reason: (error as Error).message })
    }).finally(() => background.delete(done))
    background.add(done)
  }
  const retryLater = (): void => {
    if (stopping.signal.aborted) return
    cancelRetry ??= clock.setTimer(() => {
      cancelRetry = undefined
      resume()
    }, RETRY_MS)
  }
  const resume = (): void => {
    for (const { id, record } of known.values()) {
      if (record.state === 'purging') run('what is left of a purged conversation could not be removed yet', async () => { await finish(id) })
    }
  }
  /** Makes the conversation unknown, and its return unwanted, in one commit; the rest nobody sees. */
  const begin = async (id: CID, { everywhere, access }: Pick<PurgeRecord, 'everywhere' | 'access'>): Promise<void> => {
    await logs.run(id, async (log, become) => {
      stopping.signal.throwIfAborted()
      const before = known.get(id.toString())?.record
      // What was purged before may have been left on the disk, and goes as well.
      const record: PurgeRecord = { v: 1, at: Math.floor(clock.now()), state: 'purging', everywhere: everywhere || before?.everywhere === true, access: log === undefined ? before?.access ?? access : keysOf([...accessOf(log.index), ...formerOf(log.index).map(({ did }) => did)]) }
      await store.commit([putPurge(id, record), withoutAbout(id.toString())], { durable: true })
      become(undefined)
      remember(id, record)
      components.dropped(id)
      if (log === undefined) return
      logger.info('a conversation is purged', { conversation: id.toString() })
      events.emit('purged', { conversation: id })
    })
  }
  /** Removes what is left; once at a time. */
  const finish = async (id: CID): Promise<void> => {
    const name = id.toString()
    const before = running.get(name)
    if (before !== undefined) return await before
    const work = (async () => {
      const record = known.get(name)?.record
      if (record === undefined) return
      await removeLog({ store, others: components.ids, removeLinked: components.removeLinked }, id, { signal: stopping.signal })
      const done: PurgeRecord = { ...record, state: 'purged' }
      await store.commit([putPurge(id, done)], { durable: true })
      remember(id, done)
    })().finally(() => running.delete(name))
    running.set(name, work)
    try {
      await work
    } catch (error) {
      retryLater()
      throw error
    }
  }
  const purge = async (id: CID, begun: Pick<PurgeRecord, 'everywhere' | 'access'>): Promise<void> => {
    await begin(id, begun)
    await finish(id)
  }
  /** Does what the home said while this process was not there to hear it. */
  const readHome = async (): Promise<void> => {
    const home = await components.home()
    const said = new Set<string>()
    for await (const { key, value } of home?.list(PURGED_COLLECTION, { signal: stopping.signal }) ?? []) {
      const id = vaultedConversation(key)
      if (id === undefined) continue
      said.add(key)
      await told(id, value)
    }
    for (const { id } of [...known.values()]) {
      if (home !== undefined && !said.has(id.toString())) await told(id, undefined)
    }
  }
  const accessHere = async (id: CID): Promise<Uint8Array[]> => await logs.run(id, async log => log === undefined ? known.get(id.toString())?.record.access ?? [] : keysOf(accessOf(log.index)))
  const comeBack = async (id: CID): Promise<void> => {
    // What is left of the old log must not become a part of the new one.
    await finish(id)
    await store.commit([deletePurge(id)], { durable: true })
    known.delete(id.toString())
  }
  const told: Purges['told'] = async (id, value) => {
    if (value === undefined) {
      if (isToldAlready(id)) await comeBack(id)
    } else if (!isToldAlready(id)) {
      await purge(id, { everywhere: true, access: homePurgeCodec.decode(value).access })
    }
  }
  const isToldAlready = (id: CID): boolean => known.get(id.toString())?.record.everywhere === true

  for await (const { id, record } of storedPurges(store)) {
    // A power cut may have brought back what was removed last.
    remember(id, record.state === 'purged' && await isLeft(store, id) ? { ...record, state: 'purging' } : record)
  }
  return {
    has: id => known.has(id.toString()),
    mayKnow: (id, persons) => persons.some(person => known.get(id.toString())?.names.has(keyName(publicKeyFromDid(person))) === true),
    list: () => [...known.values()].map(({ id, record: { at, state, everywhere } }) => ({ conversation: id, at, state, everywhere })),
    async remove (id, { everywhere = false, signal }) {
      signal?.throwIfAborted()
      if (stopping.signal.aborted) throw new StoppedError('The conversations')
      const access = await accessHere(id)
      if (everywhere && !isToldAlready(id)) {
        // First, since whoever dies in between has said it: the home tells this device as well.
        const home = await components.home()
        await home?.put(PURGED_COLLECTION, id.toString(), homePurgeCodec.encode({ v: 1, at: Math.floor(clock.now()), access: access.slice(0, MAX_HOME_ACCESS) }), { durable: true, signal })
      }
      await purge(id, { everywhere, access })
    },
    async forget (id, { signal } = {}) {
      const name = id.toString()
      if (!known.has(name)) return
      const home = isToldAlready(id) ? await components.home() : undefined
      if (await home?.get(PURGED_COLLECTION, name) !== undefined) await home?.put(PURGED_COLLECTION, name, undefined, { durable: true, signal })
      await comeBack(id)
    },
    told,
    start () {
      resume()
      run('what the home says of purges could not be read', readHome)
    },
    async stop () {
      cancelRetry?.()
      stopping.abort(new StoppedError('The conversations'))
      await Promise.allSettled([...background, ...running.values()])
    }
  }
}

function keysOf (dids: Did[]): Uint8Array[] {
  return [...new Set(dids)].map(did => new Uint8Array(publicKeyFromDid(did)))
}
