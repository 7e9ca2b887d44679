import * as z from 'zod/mini'
import { MAX_NAME_CHARS } from '../../format/limits.ts'
import { textSchema, wallSchema } from '../content.ts'
import type { ExtraKind } from './kind.ts'

/** A time at which to meet; each answers `yes`, `no` or `maybe` for themselves. */
export interface Appointment {
  title: string
  /** Wall milliseconds. */
  startsAt: number
  /** Wall milliseconds, not before it starts. */
  endsAt?: number | undefined
  /** A name of the IANA time zone database, for showing the times. */
  timeZone?: string | undefined
  place?: string | undefined
}

const ANSWERS: readonly unknown[] = ['yes', 'no', 'maybe']

const schema = z.strictObject({
  title: textSchema(MAX_NAME_CHARS, 1),
  startsAt: wallSchema,
  endsAt: z.optional(wallSchema),
  timeZone: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_+\-/]{1,64}$/))),
  place: z.optional(textSchema(MAX_NAME_CHARS))
}).check(z.refine(({ startsAt, endsAt }) => endsAt === undefined || endsAt >= startsAt, 'expected an end after the start')) satisfies z.ZodMiniType<Appointment>

export const appointment: ExtraKind = { kind: 'appointment', schema, isAnswer: (_data, answer) => ANSWERS.includes(answer) }
