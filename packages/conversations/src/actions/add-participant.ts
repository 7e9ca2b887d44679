import { didFromPublicKey } from '@parley/identity'
import * as z from 'zod/mini'
import { MAX_NAME_CHARS } from '../format/limits.ts'
import { keySchema, textSchema, type AddParticipant } from './content.ts'
import { define } from './definition.ts'

/** Lets a person in; they get the whole conversation. Adding somebody who is there renews their name and permission. */
export const addParticipant = define<AddParticipant>({
  verb: 'add',
  thing: 'participant',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('participant'),
    person: keySchema,
    name: z.optional(textSchema(MAX_NAME_CHARS)),
    permission: z.enum(['read', 'write'])
  }),
  access: ({ person }) => ({ add: [person], remove: [] }),
  forbids (draft, { person, creator }, content) {
    if (draft.participants.get(person)?.permission !== 'write') return 'its author may only read'
    const added = didFromPublicKey(content.person)
    if (added === creator && person !== creator) return 'only the creator changes their own entry'
    return draft.participants.has(added) && person !== creator ? 'only the creator changes a participant' : undefined
  },
  reduce (draft, { creator }, { person, name, permission }) {
    const did = didFromPublicKey(person)
    draft.participants.set(did, { did, ...(name === undefined ? {} : { name }), permission: did === creator ? 'write' : permission })
  }
})
