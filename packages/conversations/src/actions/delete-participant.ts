import { didFromPublicKey } from '@parley/identity'
import * as z from 'zod/mini'
import { keyName } from '../format/key-name.ts'
import { keySchema, type DeleteParticipant } from './content.ts'
import { define } from './definition.ts'
import { lacks } from './permission.ts'
import { forbidden, missing } from './refusal.ts'

/** Takes a person out, or says that its author left. Their words stay. All of its effect is in what it says in clear. */
export const deleteParticipant = define<DeleteParticipant>({
  verb: 'delete',
  thing: 'participant',
  inGuestLogs: 'also',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('delete'),
    thing: z.literal('participant'),
    person: keySchema
  }),
  access: ({ person }) => ({ add: [], remove: [person] }),
  forbids (_draft, { members, personName, permission, creator }, { person }) {
    const name = keyName(person)
    if (name === personName) return undefined
    const reason = lacks(permission, 'full')
    if (reason !== undefined) return { reason }
    const did = didFromPublicKey(person)
    return members.has(name) ? forbidden(did === creator ? 'nobody removes the creator' : undefined) : missing('participant', did)
  },
  reduce () {}
})
