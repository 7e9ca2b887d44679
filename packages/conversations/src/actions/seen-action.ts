import type { CID } from '@parley/core'
import * as z from 'zod/mini'
import { linkSchema, type SeenAction } from './content.ts'
import { define, type ActionContext } from './definition.ts'
import { missing } from './refusal.ts'

/** Says that its author has seen everything up to an action, in the common order. Nobody has to, and it is never taken back. */
export const seenAction = define<SeenAction>({
  verb: 'seen',
  thing: 'action',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('seen'), thing: z.literal('action'), action: linkSchema }),
  forbids (_draft, context, { action }) {
    const row = rowOf(context, action)
    // Nobody has seen what comes after what they say.
    return row >= 0 && (context.row === undefined || context.rows.compare(row, context.row) < 0) ? undefined : missing('action', action.toString())
  },
  reduce (draft, context, { action }) {
    const { person, time, rows } = context
    const before = draft.seen.get(person)
    if (before !== undefined && rows.compare(rowOf(context, action), rowOf(context, before.action)) <= 0) return
    draft.seen.set(person, { action, at: time.wallMs })
  }
})

function rowOf ({ rows }: ActionContext, action: CID): number {
  return action.multihash.digest.length === 32 ? rows.find(action.multihash.digest) : -1
}
