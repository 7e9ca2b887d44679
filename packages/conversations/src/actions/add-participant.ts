import { didFromPublicKey } from '@parley/identity'
import * as z from 'zod/mini'
import { MAX_NAME_CHARS, MAX_SUBJECT_CHARS } from '../format/limits.ts'
import { keySchema, permissionSchema, textSchema, wallSchema, type AddParticipant } from './content.ts'
import { define, type AppliedContext } from './definition.ts'
import type { Draft } from './draft.ts'
import { beginItem } from './editing.ts'
import { addQuote } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden } from './refusal.ts'

/** Lets a person in: they get the whole conversation, or what follows. Who may is judged in clear, before it is read. */
export const addParticipant = define<AddParticipant>({
  verb: 'add',
  thing: 'participant',
  inGuestLogs: 'also',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('participant'),
    person: keySchema,
    name: z.optional(textSchema(MAX_NAME_CHARS)),
    permission: permissionSchema,
    history: z.enum(['all', 'from-now']),
    subject: z.optional(textSchema(MAX_SUBJECT_CHARS)),
    expiresAt: z.optional(wallSchema)
  }).check(z.refine(({ history, subject, expiresAt }) => history === 'from-now' || (subject === undefined && expiresAt === undefined), 'expected subject and expiry for somebody who reads from now on alone')),
  access: ({ person, permission, history }) => ({ add: [{ person, permission, history }], remove: [] }),
  forbids: (_draft, { permission }) => forbidden(lacks(permission, 'write')),
  reduce (draft, context, { person, name, subject, expiresAt }) {
    if (name !== undefined) draft.names.set(didFromPublicKey(person), name)
    if (subject !== undefined) quote(draft, context, 'subject', subject)
    if (expiresAt !== undefined) quote(draft, context, 'expiry', expiresAt)
  }
})

/**
 * Takes in what is quoted for somebody who cannot read what was before. To them
 * it is the first version that they know; to all others another name of the
 * version that it quotes, so that their edits of it fit.
 */
function quote (draft: Draft, { action, person, time }: AppliedContext, thing: 'subject' | 'expiry', value: string | number): void {
  const known = draft[thing].get()
  if (known === undefined) {
    if (draft.isWhole.get() === true) return
    if (typeof value === 'string') draft.subject.set(beginItem({ action, by: person, at: time.wallMs, value }))
    else draft.expiry.set(beginItem<number | null>({ action, by: person, at: time.wallMs, value }))
  }
  addQuote(draft, thing, action, known?.current.value === value ? known.version : undefined)
}
