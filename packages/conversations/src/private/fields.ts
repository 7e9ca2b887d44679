import { countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { durationSchema, textSchema } from '../actions/content.ts'
import { comparePoints, pointShape, type LogPoint } from './log-point.ts'
import type { Marks, OwnPlayed } from './marks.ts'

export const MAX_LABEL_CHARS = 64
export const MAX_NOTE_CHARS = 8192
const MAX_VALUE_BYTES = 32 * 1024

/** One kind of record: what its key has after the conversation, and what it says of that. */
interface AnyField {
  readonly name: string
  /**
   * Takes a record in, in any order; `rest` is what its key has after the field's name.
   *
   * @throws {InvalidBytesError | OversizedBytesError}
   */
  take(marks: Marks, value: Uint8Array, rest: string): void
}

export interface Field<V> extends AnyField { readonly codec: Codec<V & { v: 1 }> }

function define<V extends object> (name: string, shape: z.core.$ZodShape, apply: (marks: Marks, value: V, rest: string) => void): Field<V> {
  const schema = z.strictObject({ v: z.literal(1), ...shape }) as unknown as z.ZodMiniType<V & { v: 1 }>
  const codec = createCodec<V & { v: 1 }>(`private mark “${name}”`, schema, { maxBytes: MAX_VALUE_BYTES })
  return { name, codec, take: (marks, value, rest) => { apply(marks, codec.decode(value), rest) } }
}

const nothingPlayed: OwnPlayed = { positionMs: 0, done: false }

export const label = define('label', {}, (marks, _value, rest) => { if (rest !== '') marks.labels.push(rest) })
export const note = define<{ text: string }>('note', { text: textSchema(MAX_NOTE_CHARS) }, (marks, { text }) => { marks.note = text })
export const muted = define<{ until: number | null }>('muted', { until: z.nullable(countSchema()) }, (marks, { until }) => { marks.muted = { until } })
export const archived = define<LogPoint>('archived', pointShape, (marks, { action, wallMs, counter }) => { marks.archived = { action, wallMs, counter } })
export const favourite = define('favourite', {}, marks => { marks.favourite = true })
export const unread = define('unread', {}, marks => { marks.unread = true })
/** Each device says how far was read there; the farthest counts, so none takes back what another did. */
export const read = define<LogPoint>('read', pointShape, (marks, { action, wallMs, counter }) => {
  const point = { action, wallMs, counter }
  if (marks.readTo === undefined || comparePoints(point, marks.readTo) > 0) marks.readTo = point
})
export const notices = define<{ send: boolean }>('notices', { send: z.boolean() }, (marks, { send }) => { marks.notices = send })
export const position = define<{ positionMs: number }>('position', { positionMs: durationSchema }, (marks, { positionMs }, message) => {
  marks.played[message] = { ...marks.played[message] ?? nothingPlayed, positionMs }
})
/** By itself, so that a position of another device never takes it back. */
export const heard = define('heard', {}, (marks, _value, message) => {
  marks.played[message] = { ...marks.played[message] ?? nothingPlayed, done: true }
})

/** Every field that there is. */
export const FIELDS: readonly AnyField[] = [label, note, muted, archived, favourite, unread, read, notices, position, heard]
