import { CID, encodeCanonical } from '@parley/core'
import * as z from 'zod/mini'
import { MAX_EXTRA_DATA_BYTES, MAX_EXTRA_TEXT_CHARS } from '../format/limits.ts'
import { textSchema, type ExtraData } from './content.ts'

/** Checks a map of at most 16 KiB; what it holds is a matter of the extra's kind. */
const dataSchema = z.custom<ExtraData>(value => isMap(value) && sizeOf(value) <= MAX_EXTRA_DATA_BYTES, `expected a map of at most ${MAX_EXTRA_DATA_BYTES} bytes`)

/** The fields of an extra that an edit changes. */
export const extraShape: { text: z.ZodMiniType<string>, data: z.ZodMiniType<ExtraData> } = { text: textSchema(MAX_EXTRA_TEXT_CHARS), data: dataSchema }

export const kindSchema: z.ZodMiniType<string> = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/))

function isMap (value: unknown): value is ExtraData {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array) && CID.asCID(value) === null
}

function sizeOf (data: ExtraData): number {
  try {
    return encodeCanonical(data).byteLength
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
