import { bytesSchema, cidSchema, countSchema, createCodec, type CID, type Codec, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { fileSchema } from './file-schema.ts'
import { FILE_KEY_BYTES, MAX_FILE_BYTES, MAX_FILE_NAME_BYTES, MAX_MEDIA_TYPE_CHARS, MAX_THUMBNAIL_BYTES } from './limits.ts'

const v = z.literal(1)
const id = bytesSchema({ exactBytes: 16 })

const heldSchema = z.strictObject({
  v,
  root: cidSchema,
  sizeBytes: countSchema(MAX_FILE_BYTES),
  state: z.enum(['partial', 'whole']),
  at: countSchema(),
  /** Of a file that is being brought: blocks on the disk, from the first on. */
  blocks: countSchema(),
  /** On whose behalf a holder keeps it. */
  by: z.nullable(z.string().check(z.maxLength(256)))
})

const addingSchema = z.strictObject({
  v,
  state: z.literal('adding'),
  id,
  key: bytesSchema({ exactBytes: FILE_KEY_BYTES }),
  name: z.string().check(z.maxLength(MAX_FILE_NAME_BYTES)),
  claimed: z.nullable(z.string().check(z.maxLength(MAX_MEDIA_TYPE_CHARS))),
  thumbnail: z.nullable(bytesSchema({ maxBytes: MAX_THUMBNAIL_BYTES })),
  startedAt: countSchema(),
  /** On the disk: blocks, pages that list them, and bytes of plaintext. */
  blocks: countSchema(),
  pages: countSchema(),
  storedBytes: countSchema(MAX_FILE_BYTES)
})

const addedSchema = z.strictObject({ v, state: z.literal('added'), id, startedAt: countSchema(), isMismatch: z.boolean(), file: fileSchema })

/** A file whose blocks are here, or some of them. */
export type HeldRecord = z.infer<typeof heldSchema>
/** An add that goes on, or was cut off. */
export type AddingRecord = z.infer<typeof addingSchema>
/** An add that is over and that no action is known to announce. */
export type AddedRecord = z.infer<typeof addedSchema>
export type AddRecord = AddingRecord | AddedRecord

export const heldCodec: Codec<HeldRecord> = createCodec('held file', heldSchema, { maxBytes: 1024 })
export const addCodec: Codec<AddRecord> = createCodec<AddRecord>('added file', z.discriminatedUnion('state', [addingSchema, addedSchema]), { maxBytes: 32 * 1024 })
/** Blocks of one commit of an add, in their order. */
export const pageCodec: Codec<{ v: 1, cids: CID[] }> = createCodec('page of an added file', z.strictObject({ v, cids: z.array(cidSchema) }), { maxBytes: 256 * 1024 })

const HELD = '/files/held/'
const ADDS = '/files/adds/'
const PAGES = '/files/adding/'

export const heldKey = (root: CID): string => HELD + root.toString()
export const addKey = (name: string): string => ADDS + name
export const pageKey = (name: string, page: number): string => `${PAGES}${name}/${String(page).padStart(8, '0')}`

/** Returns what is known of a file that is held here. */
export async function readHeld (store: Store, root: CID): Promise<HeldRecord | undefined> {
  const bytes = await store.get(heldKey(root))
  return bytes === undefined ? undefined : heldCodec.decode(bytes)
}

/** Yields every file that is held here, whole or in part. */
export async function * heldFiles (store: Store): AsyncGenerator<HeldRecord> {
  for await (const { value } of store.entries(HELD)) yield heldCodec.decode(value)
}

export async function readAdd (store: Store, name: string): Promise<AddRecord | undefined> {
  const bytes = await store.get(addKey(name))
  return bytes === undefined ? undefined : addCodec.decode(bytes)
}

export async function * adds (store: Store): AsyncGenerator<AddRecord> {
  for await (const { value } of store.entries(ADDS)) yield addCodec.decode(value)
}

/** Yields the blocks that an add has on the disk, page by page. */
export async function * pagesOf (store: Store, { pages }: AddingRecord, name: string): AsyncGenerator<{ key: string, cids: CID[] }> {
  for (let page = 0; page < pages; page++) {
    const key = pageKey(name, page)
    const bytes = await store.get(key)
    // Discarding was cut off behind it.
    if (bytes !== undefined) yield { key, cids: pageCodec.decode(bytes).cids }
  }
}
