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
  changes: z.array(z.tuple([countSchema(), z.array(key32), z.array(key32)])),
  heads: z.array(countSchema())
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
  const { versions, changes } = index.access.slice(saved.versions, saved.changes)
  // Made here and nowhere else, so only what is read back is checked.
  const value = encodeCanonical({
    v: 1,
    rows: index.rows.slice(saved.rows),
    authors: index.authors.slice(saved.authors).map(({ key, person }) => [key, person]),
    versions,
    changes,
    heads: [...index.heads]
  })
  return { type: 'put', key: prefixOf(conversation) + String(saved.rows).padStart(12, '0'), value }
}

/** Reads a log's index, or returns undefined where the store has no such conversation. */
export async function loadIndex (store: Store, id: CID): Promise<LogIndex | undefined> {
  const conversation = id.toString()
  if (await store.get(aboutKey(conversation)) === undefined) return undefined
  const basics = await store.getBlock(id)
  if (basics === undefined) return undefined
  const index = createLogIndex(decodeBasics(basics))
  for await (const { value } of store.entries(prefixOf(conversation))) {
    const page = pageCodec.decode(value)
    const from = index.rows.size
    index.rows.load(page.rows)
    for (const [key, person] of page.authors) index.addAuthor(key, person)
    index.access.load({ versions: page.versions, changes: page.changes })
    for (let row = from; row < from + page.rows.length / ROW_BYTES; row++) index.link(row)
    index.heads.clear()
    for (const head of page.heads) index.heads.add(head)
  }
  return index
}

/** What is found of a conversation without opening it. */
export interface About {
  v: 1
  created: number
  /** Who may hold it now: 32-byte keys in order. */
  access: Uint8Array[]
  /** Set on a home log, which is no conversation to people. */
  home?: true | undefined
}

const aboutCodec = createCodec<About>('entry of a conversation', z.strictObject({
  v: z.literal(1),
  created: countSchema(),
  access: z.array(key32),
  home: z.optional(z.literal(true))
}), { maxBytes: 16 * 1024 * 1024 })

export const ABOUT_PREFIX = '/conversations/about/'
const aboutKey = (conversation: string): string => ABOUT_PREFIX + conversation

export function aboutChange (conversation: string, about: About): Change {
  return { type: 'put', key: aboutKey(conversation), value: aboutCodec.encode(about) }
}

export function decodeAbout (bytes: Uint8Array): About {
  return aboutCodec.decode(bytes)
}
