import { MAX_ANSWER_CHARS } from '../../format/limits.ts'
import type { Answer, ExtraData } from '../content.ts'
import { appointment } from './appointment.ts'
import type { ExtraKind } from './kind.ts'
import { location } from './location.ts'
import { survey } from './survey.ts'

export type { Appointment } from './appointment.ts'
export type { Location } from './location.ts'
export type { Survey } from './survey.ts'

/** Kinds of extras whose data are known. All others are kept, and shown by their text. */
export const EXTRA_KINDS: readonly ExtraKind[] = [location, appointment, survey]

const kinds = new Map(EXTRA_KINDS.map(kind => [kind.kind, kind]))

/** Tells whether data fit a kind; anything fits an unknown one. */
export function fitsKind (kind: string, data: ExtraData): boolean {
  try {
    kinds.get(kind)?.schema.parse(data)
    return true
  } catch {
    return false
  }
}

/** Tells whether an answer fits an extra; to an unknown kind a text does. */
export function isAnswer ({ kind, data }: { kind: string, data: ExtraData }, answer: Answer): boolean {
  const known = kinds.get(kind)
  if (known === undefined) return typeof answer === 'string' && answer.length <= MAX_ANSWER_CHARS
  return known.isAnswer?.(data, answer) === true
}
