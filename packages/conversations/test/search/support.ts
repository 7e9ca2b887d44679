import { createVirtualClock, silentLogger, systemRandom, type CID, type Logger, type Store, type VirtualClock } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import type { Conversations, ConversationsEvents } from '../../src/index.ts'
import { createSearch, type FindOptions, type Search, type SearchHit, type SearchInit } from '../../src/search/index.ts'
import type { SearchableMessage, SearchableState } from '../../src/search/documents.ts'
import { CID as Cid, cidOf, createEmitter } from '@parley/core'

/** A conversation as the search sees it, which a test changes as it likes. */
export interface FakeConversation {
  id: CID
  state: SearchableState & { messages: SearchableMessage[] }
  /** Actions so far. */
  rows: number
}

export interface Library {
  conversations: Pick<Conversations, 'on' | 'ids' | 'open' | 'holder'>
  all: Map<string, FakeConversation>
  /** How often a state was read. */
  readonly reads: number
  add(subject: string, bodies?: readonly string[], options?: { time?: number, author?: string, names?: readonly string[] }): FakeConversation
  /** Tells of an action after `change`. */
  change(conversation: FakeConversation, change: (state: FakeConversation['state']) => void): void
  purge(conversation: FakeConversation): void
}

export const ALICE = 'did:key:alice'
export const BOB = 'did:key:bob'
export const NOW = 1_700_000_000_000

export const idOf = (number: number): string => number.toString(16).padStart(32, '0')

/** Creates conversations that are states alone, without logs: what the search needs of `Conversations`. */
export function createLibrary (): Library {
  const events = createEmitter<ConversationsEvents>(silentLogger)
  const all = new Map<string, FakeConversation>()
  let next = 0
  let reads = 0
  const cidOfNumber = (number: number): CID => cidOf(new TextEncoder().encode(`conversation ${number}`))
  const find = (id: CID): FakeConversation => {
    const found = all.get(id.toString())
    if (found === undefined) throw Object.assign(new Error('unknown'), { name: 'UnknownConversationError' })
    return found
  }
  return {
    all,
    get reads () { return reads },
    conversations: {
      on: events.on,
      async * ids () { for (const name of [...all.keys()]) yield Cid.parse(name) },
      holder: (id: CID) => ({ frontier: async () => all.has(id.toString()) ? [{ author: new Uint8Array(32), seq: find(id).rows - 1, cid: cidOfNumber(find(id).rows * 1_000_003) }] : [] }),
      open: async (id: CID) => ({ state: async () => { reads++; return { ...find(id).state, messages: [...find(id).state.messages] } } })
    } as unknown as Library['conversations'],
    add (subject, bodies = [], { time = NOW, author = ALICE, names = [] } = {}) {
      const id = cidOfNumber(next++)
      const messages = bodies.map((body): SearchableMessage => ({ id: idOf(next++), author, time: { wallMs: time }, body }))
      const conversation: FakeConversation = { id, rows: messages.length + 1, state: { subject, created: time, unreadable: 0, participants: names.map((name, index) => ({ did: `did:key:${index}`, name })), messages } }
      all.set(id.toString(), conversation)
      events.emit('action', { conversation: id, home: false } as ConversationsEvents['action'])
      return conversation
    },
    change (conversation, change) {
      change(conversation.state)
      conversation.rows++
      events.emit('action', { conversation: conversation.id, home: false } as ConversationsEvents['action'])
    },
    purge ({ id }) { all.delete(id.toString()) }
  }
}

export interface Opened { search: Search, store: Store, clock: VirtualClock, library: Library }

export const STORAGE_KEY = new Uint8Array(32).fill(7)

/** Opens the search of a library; the index has caught up when it resolves. */
export async function openSearch (library = createLibrary(), { store = createMemoryStore(), storageKey = STORAGE_KEY, clock = createVirtualClock(NOW), logger = silentLogger, init = {}, ...components }: { store?: Store, storageKey?: Uint8Array, clock?: VirtualClock, logger?: Logger, init?: SearchInit } & Partial<Parameters<typeof createSearch>[0]> = {}): Promise<Opened> {
  const search = await createSearch({ store, conversations: library.conversations, clock, random: systemRandom, logger, storageKey, ...components }, init)
  await search.caughtUp()
  return { search, store, clock, library }
}

export async function hitsOf (search: Search, query: string, options?: FindOptions): Promise<SearchHit[]> {
  const hits: SearchHit[] = []
  for await (const hit of search.find(query, options)) hits.push(hit)
  return hits
}

/** Returns the whole texts of what was found, first fields only, for texts that no snippet cuts. */
export async function textsOf (search: Search, query: string, options?: FindOptions): Promise<string[]> {
  return (await hitsOf(search, query, options)).map(({ snippets }) => snippets[0]?.text ?? '')
}

/** Returns every byte that lies in a store below a path, names and values. */
export async function bytesBelow (store: Store, prefix: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const { key, value } of store.entries(prefix)) parts.push(new TextEncoder().encode(key), value)
  return Buffer.concat(parts)
}
