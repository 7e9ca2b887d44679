import type { CID } from '@parley/core'
import * as z from 'zod/mini'
import { linkSchema, wallSchema, type ModifyExpiry } from './content.ts'
import { StaleEditError } from '../errors.ts'
import { define } from './definition.ts'
import type { Draft } from './draft.ts'
import { beginItem, edit, type Seen } from './editing.ts'
import { addVersion, editorOf, seenOf, tell, unknownVersion } from './items.ts'
import { lacks } from './permission.ts'
import { trusted } from './subject.ts'

/** Says from when on nothing that is written has an effect, or that it always has. */
export const modifyExpiry = define<ModifyExpiry>({
  verb: 'modify',
  thing: 'expiry',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('modify'),
    thing: z.literal('expiry'),
    expiresAt: z.nullable(wallSchema),
    follows: z.nullable(linkSchema)
  }),
  forbids (draft, { permission }, { follows }) {
    const reason = lacks(permission, 'full')
    if (reason !== undefined) return { reason }
    return seenOfExpiry(draft, follows) === undefined ? unknownVersion('expiry', draft.expiry.get()?.version ?? null) : undefined
  },
  warns: (draft, _context, { follows }) => seenOfExpiry(draft, follows) === 'newest' ? undefined : new StaleEditError(draft.expiry.get()?.version ?? null),
  reduce (draft, context, { expiresAt, follows }) {
    const expiry = draft.expiry.get()
    const seen = seenOfExpiry(draft, follows)
    if (seen === undefined) return
    const { action, person, time } = context
    const edited = expiry === undefined
      ? { item: beginItem<number | null>({ action, by: person, at: time.wallMs, value: expiresAt }) }
      : edit(expiry, editorOf(context), { seen, value: expiresAt })
    draft.expiry.set(edited.item)
    addVersion(draft, 'expiry', action)
    tell(draft, { thing: 'expiry' }, edited)
  }
})

function seenOfExpiry (draft: Draft, follows: CID | null): Seen | undefined {
  const expiry = draft.expiry.get()
  if (expiry === undefined) return follows === null || draft.isWhole.get() !== true ? 'newest' : undefined
  // Whoever follows nothing saw it before it was ever set.
  return follows === null ? 'older' : seenOf(draft, 'expiry', expiry, follows) ?? trusted(draft, expiry)
}
