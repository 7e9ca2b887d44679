import { didFromPublicKey } from '@parley/identity'
import * as z from 'zod/mini'
import { keySchema, type DeleteParticipant } from './content.ts'
import { define } from './definition.ts'

/** Takes a person out, or says that its author left. Their words stay. */
export const deleteParticipant = define<DeleteParticipant>({
  verb: 'delete',
  thing: 'participant',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('delete'),
    thing: z.literal('participant'),
    person: keySchema
  }),
  access: ({ person }) => ({ add: [], remove: [person] }),
  forbids (draft, { person, creator }, content) {
    const removed = didFromPublicKey(content.person)
    if (person !== creator && person !== removed) return 'only the creator removes others'
    return draft.participants.has(removed) ? undefined : 'there is no such participant'
  },
  reduce (draft, _context, { person }) {
    draft.participants.delete(didFromPublicKey(person))
  }
})
