import { bytesSchema } from '@parley/core'
import * as z from 'zod/mini'
import { textSchema, type HomeRecord } from './content.ts'

/** A value of a home log's record is at most this large. */
export const MAX_RECORD_BYTES = 48 * 1024
const MAX_KEY_CHARS = 256

/** The fields of a record as they are sealed. */
export const recordShape: {
  collection: z.ZodMiniType<string>
  key: z.ZodMiniType<string>
  value: z.ZodMiniType<Uint8Array | null>
} = {
  collection: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/)),
  key: textSchema(MAX_KEY_CHARS).check(z.refine(key => key.length > 0, 'expected a key')),
  value: z.nullable(bytesSchema({ maxBytes: MAX_RECORD_BYTES }))
}

/** Checks one record of several. */
export const recordSchema: z.ZodMiniType<HomeRecord> = z.strictObject(recordShape)
