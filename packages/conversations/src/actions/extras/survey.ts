import { countSchema } from '@parley/core'
import * as z from 'zod/mini'
import { MAX_NAME_CHARS, MAX_SURVEY_OPTIONS } from '../../format/limits.ts'
import { textSchema, type ExtraData } from '../content.ts'
import type { ExtraKind } from './kind.ts'

/** A question with options; each answers with the numbers of some of them, from 0, ascending. */
export interface Survey {
  question: string
  options: string[]
  /** How many may be chosen. @default 1 */
  most?: number | undefined
}

const schema = z.strictObject({
  question: textSchema(MAX_NAME_CHARS, 1),
  options: z.array(textSchema(MAX_NAME_CHARS, 1)).check(z.minLength(2), z.maxLength(MAX_SURVEY_OPTIONS)),
  most: z.optional(countSchema(MAX_SURVEY_OPTIONS).check(z.refine(most => most > 0, 'expected at least one')))
}) satisfies z.ZodMiniType<Survey>

export const survey: ExtraKind = {
  kind: 'survey',
  schema,
  isAnswer (data, answer) {
    const { options, most = 1 } = data as ExtraData & Survey
    if (!Array.isArray(answer) || answer.length > most) return false
    return answer.every((option, index) => option < options.length && (index === 0 || option > (answer[index - 1] ?? option)))
  }
}
