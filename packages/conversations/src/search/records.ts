import { bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { FIELDS, KINDS } from './segment.ts'
import type { ExternalText, IndexDocument } from './types.ts'

// Our own disk: the limits only keep a damaged entry from being read as an endless one.
const MAX_ENTRY_BYTES = 64 * 1024 * 1024
export const MAX_EXTERNAL_CHARS = 1024 * 1024

/** What is remembered of a segment. */
export interface SegmentEntry {
  number: number
  /** Documents, dead ones among them. */
  size: number
  tokens: number
  sizeBytes: number
  deadCount: number
  /** A bit for each document, the lowest first; null while none is dead. Never changed: a search may be looking at it. */
  dead: Uint8Array | null
}

/** Which segments make up the index, and which numbers were given out. */
export interface Manifest {
  v: 1
  nextSegment: number
  nextText: number
  segments: SegmentEntry[]
}

export const manifestCodec: Codec<Manifest> = createCodec<Manifest>('list of the search index’s segments', z.strictObject({
  v: z.literal(1),
  nextSegment: countSchema(),
  nextText: countSchema(),
  segments: z.array(z.strictObject({
    number: countSchema(),
    size: countSchema(),
    tokens: countSchema(),
    sizeBytes: countSchema(),
    deadCount: countSchema(),
    dead: z.nullable(bytesSchema({ maxBytes: MAX_ENTRY_BYTES }))
  }))
}), { maxBytes: MAX_ENTRY_BYTES })

/** What of a conversation is in the index. */
export interface Note {
  v: 1
  /** The text of its id. */
  conversation: string
  /** How many actions, and a hash of the frontier that they have. */
  actions: number
  frontier: Uint8Array
  /** Actions that could not be read. */
  unreadable: number
}

export const noteCodec: Codec<Note> = createCodec<Note>('note of the search index', z.strictObject({
  v: z.literal(1),
  conversation: z.string(),
  actions: countSchema(),
  frontier: bytesSchema({ exactBytes: 32 }),
  unreadable: countSchema()
}), { maxBytes: MAX_ENTRY_BYTES })

/** A document as it is shown when it is found; numbers as in segments. */
interface StoredDocument {
  v: 1
  id: string
  group: string
  kind: number
  message: string | null
  author: string | null
  time: number
  fields: Array<[number, string]>
}

const documentCodec = createCodec<StoredDocument>('document of the search index', z.strictObject({
  v: z.literal(1),
  id: z.string(),
  group: z.string(),
  kind: countSchema(KINDS.length - 1),
  message: z.nullable(z.string()),
  author: z.nullable(z.string()),
  time: countSchema(),
  fields: z.array(z.tuple([countSchema(FIELDS.length - 1), z.string()]))
}), { maxBytes: MAX_ENTRY_BYTES })

export function encodeDocument ({ id, group, kind, message, author, time, fields }: IndexDocument): Uint8Array {
  return documentCodec.encode({ v: 1, id, group, kind: KINDS.indexOf(kind), message: message ?? null, author: author ?? null, time, fields: fields.map(({ field, text }) => [FIELDS.indexOf(field), text]) })
}

/** @throws {InvalidBytesError | OversizedBytesError} */
export function decodeDocument (bytes: Uint8Array): IndexDocument {
  const { id, group, kind, message, author, time, fields } = documentCodec.decode(bytes)
  return {
    id,
    group,
    kind: KINDS[kind] ?? 'message',
    message: message ?? undefined,
    author: author ?? undefined,
    time,
    fields: fields.map(([field, text]) => ({ field: FIELDS[field] ?? 'text', text }))
  }
}

/** A text from elsewhere, which no log could bring back. */
export type StoredExternal = Pick<ExternalText, 'message' | 'kind' | 'text'> & { v: 1 }

export const externalCodec: Codec<StoredExternal> = createCodec<StoredExternal>('text about a message', z.strictObject({
  v: z.literal(1),
  message: z.string(),
  kind: z.literal('transcript'),
  text: z.string()
}), { maxBytes: 4 * MAX_EXTERNAL_CHARS + 1024 })
