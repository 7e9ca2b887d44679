import { countSchema } from '@parley/core'
import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { MAX_ANSWER_CHARS, MAX_SURVEY_OPTIONS } from '../format/limits.ts'
import { idSchema, textSchema, type AddResponse, type Answer } from './content.ts'
import { define } from './definition.ts'
import { unfit } from './extra-change.ts'
import { isAnswer } from './extras/index.ts'
import { missing } from './refusal.ts'

const answerSchema: z.ZodMiniType<Answer> = z.union([textSchema(MAX_ANSWER_CHARS), z.array(countSchema(MAX_SURVEY_OPTIONS - 1)).check(z.maxLength(MAX_SURVEY_OPTIONS))])

/** Answers an extra that asks something. A later answer of one person replaces theirs. */
export const addResponse = define<AddResponse>({
  verb: 'add',
  thing: 'response',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('add'), thing: z.literal('response'), extra: idSchema, answer: answerSchema }),
  forbids (draft, _context, { extra: id, answer }) {
    const extra = draft.extras.get(hex(id))
    if (extra === undefined || extra.deleted !== undefined) return missing('extra', hex(id), extra !== undefined)
    const { kind, data = {} } = extra
    return isAnswer({ kind, data }, answer) ? undefined : unfit(`it does not answer what its kind, ${kind}, asks`)
  },
  reduce (draft, { person, time }, { extra: id, answer }) {
    const extra = draft.extras.get(hex(id))
    if (extra !== undefined) draft.extras.set(extra.id, { ...extra, responses: { ...extra.responses, [person]: { answer, at: time.wallMs } } })
  }
})
