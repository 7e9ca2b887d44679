import { didFromPublicKey } from '@parley/identity'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { keyName } from '../format/key-name.ts'
import { MAX_CALL_PEOPLE } from '../format/limits.ts'
import { durationSchema, idSchema, keySchema, wallSchema, type AddCall } from './content.ts'
import { define } from './definition.ts'
import { newId } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden } from './refusal.ts'

const peopleSchema = z.array(keySchema).check(z.maxLength(MAX_CALL_PEOPLE), z.refine(ascends, 'expected keys that ascend'))

/** Tells of a call that was, by somebody who took part. Each of them may tell it. */
export const addCall = define<AddCall>({
  verb: 'add',
  thing: 'call',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('call'),
    call: idSchema,
    kinds: z.array(z.enum(['audio', 'video', 'screen'])).check(z.refine(kinds => kinds.length > 0 && new Set(kinds).size === kinds.length, 'expected each kind once')),
    startedAt: wallSchema,
    durationMs: durationSchema,
    outcome: z.enum(['answered', 'missed', 'declined', 'busy', 'failed']),
    participants: peopleSchema,
    missed: peopleSchema
  }),
  forbids (draft, { person, personName, permission }, { call, participants }) {
    const reason = lacks(permission, 'write')
    if (reason !== undefined) return { reason }
    if (!participants.some(key => keyName(key) === personName)) return { reason: 'its author took no part in the call' }
    return forbidden(newId(draft.calls, call, person) === undefined ? 'its author told of this call before' : undefined)
  },
  reduce (draft, { person }, { call, kinds, startedAt, durationMs, outcome, participants, missed }) {
    const id = newId(draft.calls, call, person)
    if (id === undefined) return
    draft.calls.set(id, {
      id,
      author: person,
      kinds,
      startedAt,
      durationMs,
      outcome,
      participants: participants.map(key => didFromPublicKey(key)),
      missed: missed.map(key => didFromPublicKey(key))
    })
  }
})

function ascends (keys: Uint8Array[]): boolean {
  return keys.every((key, index) => index === 0 || compare(keys[index - 1] ?? key, key) < 0)
}
