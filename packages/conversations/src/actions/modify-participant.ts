import { didFromPublicKey } from '@parley/identity'
import * as z from 'zod/mini'
import { keyName } from '../format/key-name.ts'
import { MAX_NAME_CHARS } from '../format/limits.ts'
import { keySchema, permissionSchema, textSchema, type ModifyParticipant } from './content.ts'
import { define } from './definition.ts'
import { lacks } from './permission.ts'
import { forbidden, missing } from './refusal.ts'

/** Gives a participant another permission or name. One's own name is one's own matter. */
export const modifyParticipant = define<ModifyParticipant>({
  verb: 'modify',
  thing: 'participant',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('modify'),
    thing: z.literal('participant'),
    person: keySchema,
    permission: z.optional(permissionSchema),
    name: z.optional(textSchema(MAX_NAME_CHARS))
  }).check(z.refine(({ permission, name }) => permission !== undefined || name !== undefined, 'expected a permission or a name')),
  access: ({ person, permission }) => permission === undefined ? undefined : { add: [{ person, permission, history: 'all' }], remove: [] },
  forbids (_draft, { members, personName, permission: own, creator, person: author }, { person, permission }) {
    const did = didFromPublicKey(person)
    const isOwnName = permission === undefined && keyName(person) === personName
    const reason = isOwnName ? undefined : lacks(own, 'full')
    if (reason !== undefined) return { reason }
    if (!members.has(keyName(person))) return missing('participant', did)
    return forbidden(did === creator && author !== creator ? 'only the creator changes their own entry' : undefined)
  },
  reduce (draft, _context, { person, name }) {
    if (name !== undefined) draft.names.set(didFromPublicKey(person), name)
  }
})
