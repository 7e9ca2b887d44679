import { bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'

/** What the archive inside a backup begins with; the digit is its version. */
export const ARCHIVE_MAGIC: Uint8Array = new TextEncoder().encode('parley-backup/1\n')

/** No value of the store, and no block, is larger. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024
/** No record of an archive is larger. */
export const MAX_RECORD_BYTES = MAX_VALUE_BYTES + 16 * 1024

const key32 = bytesSchema({ exactBytes: 32 })

const schema = z.discriminatedUnion('type', [
  z.strictObject({ v: z.literal(1), type: z.literal('header'), person: key32, device: key32, created: countSchema() }),
  z.strictObject({ type: z.literal('key'), name: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/)), secret: bytesSchema({ maxBytes: 64 * 1024 }) }),
  z.strictObject({ type: z.literal('entry'), key: z.string().check(z.maxLength(4096)), value: bytesSchema({ maxBytes: MAX_VALUE_BYTES }) }),
  z.strictObject({ type: z.literal('block'), hash: bytesSchema({ maxBytes: 128 }), bytes: bytesSchema({ maxBytes: MAX_VALUE_BYTES }) }),
  z.strictObject({ type: z.literal('end'), records: countSchema(), sha256: key32 })
])

/** One record of an archive; they come in the order in which they are listed here. */
export type ArchiveRecord = z.infer<typeof schema>

/** What an archive holds between its magic and its end. */
export type ContentRecord = Exclude<ArchiveRecord, { type: 'end' }>

export const archiveRecordCodec: Codec<ArchiveRecord> = createCodec('backup record', schema, { maxBytes: MAX_RECORD_BYTES })

/** The order of the kinds: whoever reads has the keys before anything large comes. */
export const KIND_ORDER: readonly ArchiveRecord['type'][] = ['header', 'key', 'entry', 'block', 'end']
