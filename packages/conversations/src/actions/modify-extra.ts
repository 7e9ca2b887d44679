import * as z from 'zod/mini'
import { idSchema, linkSchema, type ModifyExtra } from './content.ts'
import { define } from './definition.ts'
import { edit } from './editing.ts'
import { extraSeen, forbidsExtraChange, unfit, warnsOfExtraChange } from './extra-change.ts'
import { extraShape } from './extra-schema.ts'
import { fitsKind } from './extras/index.ts'
import { addVersion, editorOf, extraItem, putExtra } from './items.ts'

/** Gives an extra another text and other data, of the same kind. */
export const modifyExtra = define<ModifyExtra>({
  verb: 'modify',
  thing: 'extra',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('modify'),
    thing: z.literal('extra'),
    extra: idSchema,
    ...extraShape,
    follows: linkSchema
  }),
  forbids (draft, context, content) {
    const refusal = forbidsExtraChange(draft, context, content)
    if (refusal !== undefined) return refusal
    const kind = extraSeen(draft, content).extra?.kind ?? ''
    return fitsKind(kind, content.data) ? undefined : unfit(`its data are not those of its kind, ${kind}`)
  },
  warns: (draft, context, content) => warnsOfExtraChange(draft, context, content),
  reduce (draft, context, content) {
    const { extra, seen } = extraSeen(draft, content)
    if (extra === undefined || seen === undefined) return
    const { text, data } = content
    putExtra(draft, extra, edit(extraItem(draft, extra), editorOf(context), { seen, value: { text, data } }))
    addVersion(draft, `extra ${extra.id}`, context.action)
  }
})
