import * as z from 'zod/mini'
import { idSchema, linkSchema, type DeleteExtra } from './content.ts'
import { define } from './definition.ts'
import { remove } from './editing.ts'
import { extraSeen, forbidsExtraChange, warnsOfExtraChange } from './extra-change.ts'
import { addVersion, editorOf, extraItem, putExtra } from './items.ts'
import { missing } from './refusal.ts'

/** Takes an extra out of sight. */
export const deleteExtra = define<DeleteExtra>({
  verb: 'delete',
  thing: 'extra',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('delete'), thing: z.literal('extra'), extra: idSchema, follows: linkSchema }),
  forbids (draft, context, content) {
    const refusal = forbidsExtraChange(draft, context, content)
    if (refusal !== undefined) return refusal
    const { extra } = extraSeen(draft, content)
    return extra?.deleted === undefined ? undefined : missing('extra', extra.id, true)
  },
  warns: (draft, context, content) => warnsOfExtraChange(draft, context, content),
  reduce (draft, context, content) {
    const { extra, seen } = extraSeen(draft, content)
    if (extra === undefined || seen === undefined) return
    putExtra(draft, extra, remove(extraItem(draft, extra), editorOf(context), seen))
    addVersion(draft, `extra ${extra.id}`, context.action)
  }
})
