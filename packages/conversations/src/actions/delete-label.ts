import * as z from 'zod/mini'
import { MAX_LABEL_CHARS } from '../format/limits.ts'
import { textSchema, type DeleteLabel } from './content.ts'
import { define } from './definition.ts'
import { lacks } from './permission.ts'
import { missing } from './refusal.ts'

/** Takes a label off the conversation. */
export const deleteLabel = define<DeleteLabel>({
  verb: 'delete',
  thing: 'label',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('delete'), thing: z.literal('label'), label: textSchema(MAX_LABEL_CHARS, 1) }),
  forbids (draft, { permission }, { label }) {
    const reason = lacks(permission, 'write')
    if (reason !== undefined) return { reason }
    return draft.labels.get(label) === true ? undefined : missing('label', label)
  },
  reduce (draft, _context, { label }) { draft.labels.set(label, false) }
})
