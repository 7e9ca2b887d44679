import * as z from 'zod/mini'
import { MAX_LABEL_CHARS } from '../format/limits.ts'
import { textSchema, type AddLabel } from './content.ts'
import { define } from './definition.ts'
import { lacks } from './permission.ts'
import { forbidden } from './refusal.ts'

/** Puts a label on the conversation, which all see. */
export const addLabel = define<AddLabel>({
  verb: 'add',
  thing: 'label',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('add'), thing: z.literal('label'), label: textSchema(MAX_LABEL_CHARS, 1) }),
  forbids: (_draft, { permission }) => forbidden(lacks(permission, 'write')),
  reduce (draft, _context, { label }) { draft.labels.set(label, true) }
})
