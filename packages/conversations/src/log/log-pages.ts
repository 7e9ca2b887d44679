import { bytesSchema, countSchema, createCodec, encodeCanonical, type CID, type Change, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { decodeBasics } from '../format/basics.ts'
import { createLogIndex, type LogIndex } from './log-index.ts'
import { ROW_BYTES } from './log-rows.ts'

// Our own disk, not the wire: the limit only keeps a damaged entry from being read as an endless one.
const MAX_PAGE_BYTES = 256 * 1024 * 1024
const key32 = bytesSchema({ exactBytes: 32 })

/** One commit's worth of a log: the rows it added, and what else changed with them. */
const pageCodec = createCodec('page of a log', z.strictObject({
  v: z.literal(1),
  rows: bytesSchema({ maxBytes: MAX_PAGE_BYTES }),
  authors: z.array(z.tuple([key32, key32])),
  versions: z.array(z.array(countSchema())),
  changes: z.array(z.tuple([countSchema(), countSchema(), z.array(z.tuple([key32, countSchema(2), countSchema(3), countSchema()])), z.array(key32)])),
  // Heads among its rows, and those before it that are heads no more: who has made thousands is not to be written with every page.
  heads: z.array(countSchema()),
  joined: z.array(countSchema())
}), { maxBytes: MAX_PAGE_BYTES })

/** How much of an index is on the disk. */
export interface Saved {
  rows: number
  authors: number
  versions: number
  changes: number
}

export function savedOf ({ rows, authors, access }: LogIndex): Saved {
  return { rows: rows.size, authors: authors.length, versions: access.versionCount, changes: access.changeCount }
}

const prefixOf = (conversation: string): string => `/conversations/pages/${conversation}/`

/**
 * Returns what to write for the rows since `saved`. The key is that of the
 * first new row, so that a page whose commit failed half-known is overwritten
 * by the next one.
 */
export function pageChange (conversation: string, index: LogIndex, saved: Saved): Change {
  // Made here and nowhere else, so only what is read back is checked.
  return { type: 'put', key: pageKey(conversation, saved.rows), value: encodeCanonical(pageOf(index, saved)) }
}

const pageKey = (conversation: string, row: number): string => prefixOf(conversation) + String(row).padStart(12, '0')

function pageOf ({ rows, authors, access, heads, joined }: LogIndex, saved: Saved): { v: 1, rows: Uint8Array, authors: Uint8Array[][], versions: unknown, changes: unknown, heads: number[], joined: number[] } {
  const { versions, changes } = access.slice(saved.versions, saved.changes)
  return {
    v: 1,
    rows: rows.slice(saved.rows),
    authors: authors.slice(saved.authors).map(({ key, person }) => [key, person]),
    versions,
    changes,
    heads: [...heads].filter(row => row >= saved.rows),
    joined: joined.filter(row => row < saved.rows)
  }
}

/** A log of more pages than this is worth writing again in fewer. */
const MANY_PAGES = 64
const ROWS_OF_PAGE = 65_536

/**
 * Returns what writes a log's pages anew where there are many: one for each
 * commit, as single appends make them. All of the log has to be stored.
 */
export async function compactChanges (store: Store, conversation: string, index: LogIndex): Promise<Change[]> {
  const old: string[] = []
  for await (const { key } of store.entries(prefixOf(conversation))) old.push(key)
  if (old.length <= MANY_PAGES) return []
  const all = pageOf(index, { rows: 0, authors: 0, versions: 0, changes: 0 })
  const written = new Map<string, Uint8Array>()
  for (let row = 0; row < index.rows.size; row += ROWS_OF_PAGE) {
    const rows = all.rows.subarray(row * ROW_BYTES, (row + ROWS_OF_PAGE) * ROW_BYTES)
    // What rows refer to is all in the first page, which is read first.
    written.set(pageKey(conversation, row), encodeCanonical(row === 0 ? { ...all, rows } : { ...all, rows, authors: [], versions: [], changes: [], heads: [] }))
  }
  return [
    ...old.filter(key => !written.has(key)).map((key): Change => ({ type: 'delete', key })),
    ...Array.from(written, ([key, value]): Change => ({ type: 'put', key, value }))
  ]
}

/** Reads a log's index, or returns undefined where the store has no such conversation. */
export async function loadIndex (store: Store, id: CID): Promise<LogIndex | undefined> {
  const conversation = id.toString()
  if (await store.get(aboutKey(conversation)) === undefined) return undefined
  const basics = await store.getBlock(id)
  if (basics === undefined) return undefined
  const index = createLogIndex(decodeBasics(basics))
  const prefix = prefixOf(conversation)
  for await (const { key, value } of store.entries(prefix)) {
    const from = index.rows.size
    // What a larger page has as well.
    if (Number(key.slice(prefix.length)) < from) continue
    const page = pageCodec.decode(value)
    index.rows.load(page.rows)
    for (const [key, person] of page.authors) index.addAuthor(key, person)
    index.access.load({ versions: page.versions, changes: page.changes })
    for (let row = from; row < from + page.rows.length / ROW_BYTES; row++) index.link(row)
    for (const head of page.joined) index.heads.delete(head)
    for (const head of page.heads) index.heads.add(head)
  }
  return index
}

/** Yields the hashes of a log's actions as its pages have them, page by page; also of a log that is not opened any more. */
export async function * storedActions (store: Store, conversation: string): AsyncGenerator<{ key: string, hashes: Uint8Array[] }> {
  for await (const { key, value } of store.entries(prefixOf(conversation))) {
    const { rows } = pageCodec.decode(value)
    yield { key, hashes: Array.from({ length: rows.length / ROW_BYTES }, (_none, row) => rows.slice(row * ROW_BYTES, row * ROW_BYTES + 32)) }
  }
}

/** What is found of a conversation without opening it. */
export interface About {
  v: 1
  created: number
  /** Who may hold it now: 32-byte keys in order. */
  access: Uint8Array[]
  /** Set on a home log, which is no conversation to people. */
  home?: true | undefined
  /** Set on a guest log, which is none either. */
  guest?: true | undefined
}

const aboutCodec = createCodec<About>('entry of a conversation', z.strictObject({
  v: z.literal(1),
  created: countSchema(),
  access: z.array(key32),
  home: z.optional(z.literal(true)),
  guest: z.optional(z.literal(true))
}), { maxBytes: 16 * 1024 * 1024 })

export const ABOUT_PREFIX = '/conversations/about/'
const aboutKey = (conversation: string): string => ABOUT_PREFIX + conversation

export function aboutChange (conversation: string, about: About): Change {
  return { type: 'put', key: aboutKey(conversation), value: aboutCodec.encode(about) }
}

/** Returns what makes a log one that the store has not, whatever else of it is there. */
export function withoutAbout (conversation: string): Change {
  return { type: 'delete', key: aboutKey(conversation) }
}

/** Tells whether a log is a conversation to people. */
export function isConversation ({ home, guest }: About): boolean {
  return home === undefined && guest === undefined
}

export function decodeAbout (bytes: Uint8Array): About {
  return aboutCodec.decode(bytes)
}
