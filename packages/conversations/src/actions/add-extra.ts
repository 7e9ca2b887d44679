import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { idSchema, type AddExtra } from './content.ts'
import { define } from './definition.ts'
import { unfit } from './extra-change.ts'
import { extraShape, kindSchema } from './extra-schema.ts'
import { fitsKind } from './extras/index.ts'
import { addVersion, findItem, newId } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden, missing, toldOf } from './refusal.ts'

const NONE: readonly never[] = Object.freeze([])
const NOBODY = Object.freeze({})

/** Adds what is no text, with a text for those who do not know its kind. */
export const addExtra = define<AddExtra>({
  verb: 'add',
  thing: 'extra',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('extra'),
    extra: idSchema,
    kind: kindSchema,
    message: z.optional(idSchema),
    ...extraShape
  }),
  forbids (draft, { person, permission }, { extra, kind, data }) {
    const reason = lacks(permission, 'write')
    if (reason !== undefined) return { reason }
    if (!fitsKind(kind, data)) return unfit(`its data are not those of its kind, ${kind}`)
    return forbidden(newId(draft.extras, extra, person) === undefined ? 'there is an extra with this id' : undefined)
  },
  warns (draft, _context, { message }) {
    if (message === undefined) return undefined
    const about = findItem(draft, 'message', draft.messages, message)
    return about === undefined || about.deleted !== undefined ? toldOf(missing('message', hex(message), about !== undefined)) : undefined
  },
  reduce (draft, { person, device, time, action }, { extra, kind, message, text, data }) {
    const id = newId(draft.extras, extra, person)
    if (id === undefined) return
    if (id.length > 2 * extra.length) addVersion(draft, `extra ${id}`, action)
    draft.extras.set(id, {
      id,
      kind,
      author: person,
      device,
      time,
      ...(message === undefined ? {} : { message: hex(message) }),
      text,
      data,
      version: action,
      editors: NONE,
      conflicts: NONE,
      responses: NOBODY
    })
  }
})
