import { createSystemClock, silentLogger, systemRandom, type Store } from '@parley/core'
import { createConversations, createSearch, type Conversations, type Search } from '@parley/conversations'
import { openLevelStore } from '@parley/network/node'
import { cast, introduced } from '../harness/cast.ts'
import { playRole } from '../harness/role.ts'
import { createTexts } from './texts.ts'

export interface Size { documents: number, segments: number, indexBytes: number, storeBytes: number, memoryBytes: number, rssBytes: number, heapBytes: number }

const BATCH = 500
let node: { store: Store, conversations: Conversations, search: Search | undefined } | undefined

async function open (folder: string): Promise<NonNullable<typeof node> & { storageKey: Uint8Array }> {
  const [alice] = await cast(1)
  if (alice === undefined) throw new RangeError('there is nobody')
  const store = await openLevelStore(folder)
  const conversations = await createConversations({ store, people: await introduced(store, [alice]), clock: createSystemClock(), random: systemRandom, logger: silentLogger, device: alice.device, person: alice.did })
  node = { store, conversations, search: undefined }
  return { ...node, storageKey: alice.device.storageKey }
}

async function openSearch (storageKey: Uint8Array, { store, conversations }: NonNullable<typeof node>): Promise<Search> {
  const search = await createSearch({ store, conversations, clock: createSystemClock(), random: systemRandom, logger: silentLogger, storageKey })
  node = { store, conversations, search }
  return search
}

function running (): Search {
  if (node?.search === undefined) throw new RangeError('nothing was begun')
  return node.search
}

export const role = {
  /** Writes conversations of `each` messages into an empty store. */
  async writes (folder: string, { seed, count, each }: { seed: number, count: number, each: number }): Promise<void> {
    const { conversations, store } = await open(folder)
    const texts = createTexts(seed)
    for (let written = 0; written < count; written += each) {
      const conversation = await conversations.create({ subject: `conversation ${written / each}`, participants: [] })
      for (let from = 0; from < each; from += BATCH) {
        await conversation.appendAll(Array.from({ length: Math.min(BATCH, each - from) }, () => ({ verb: 'add', thing: 'message', message: systemRandom(16), body: texts.message() })))
      }
    }
    await conversations.stop()
    await store.close()
  },
  /** Brings the index up to date; returns how long that took. */
  async indexes (folder: string): Promise<number> {
    const opened = await open(folder)
    const startedMs = performance.now()
    const search = await openSearch(opened.storageKey, opened)
    await search.caughtUp()
    return performance.now() - startedMs
  },
  /** Opens an index that is there; returns how long it takes to the first hit. */
  async opens (folder: string, query: string): Promise<number> {
    const opened = await open(folder)
    const startedMs = performance.now()
    const search = await openSearch(opened.storageKey, opened)
    await search.find(query).next()
    return performance.now() - startedMs
  },
  /** Returns how long each query takes to its first ten hits, and to its first. */
  async answers (queries: string[]): Promise<{ firstMs: number[], tenMs: number[] }> {
    const search = running()
    const firstMs: number[] = []
    const tenMs: number[] = []
    for (const query of queries) {
      const startedMs = performance.now()
      const hits = search.find(query)
      let hit = await hits.next()
      firstMs.push(performance.now() - startedMs)
      for (let seen = 1; seen < 10 && hit.done !== true; seen++) hit = await hits.next()
      tenMs.push(performance.now() - startedMs)
      await hits.return(undefined)
    }
    return { firstMs, tenMs }
  },
  /** Counts what is found for words as they stand. */
  async counts (query: string): Promise<number> {
    let count = 0
    for await (const _hit of running().find(query, { prefix: false, typos: false, kinds: ['message'] })) count++
    return count
  },
  /** Says one more thing and returns how long it takes until it is found. */
  async says (body: string): Promise<number> {
    if (node === undefined) throw new RangeError('nothing was begun')
    for await (const id of node.conversations.ids()) {
      const conversation = await node.conversations.open(id)
      await conversation.append({ verb: 'add', thing: 'message', message: systemRandom(16), body })
      break
    }
    const startedMs = performance.now()
    await running().caughtUp()
    return performance.now() - startedMs
  },
  async size (): Promise<Size> {
    const { documents, segments, sizeBytes, memoryBytes } = running().size()
    let storeBytes = 0
    for await (const { key, value } of node?.store.entries('/search/') ?? []) storeBytes += key.length + value.length
    globalThis.gc?.()
    const { rss, heapUsed, external } = process.memoryUsage()
    return { documents, segments, indexBytes: sizeBytes, storeBytes, memoryBytes, rssBytes: rss, heapBytes: heapUsed + external }
  },
  async ends (): Promise<void> {
    await node?.search?.stop()
    await node?.conversations.stop()
    await node?.store.close()
  }
}

if (process.send !== undefined) playRole(role)
