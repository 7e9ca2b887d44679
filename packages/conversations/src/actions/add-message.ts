import * as z from 'zod/mini'
import { countSchema } from '@parley/core'
import { hex } from '../format/hex.ts'
import { MAX_BODY_CHARS } from '../format/limits.ts'
import { formatSchema, idSchema, keySchema, textSchema, type AddMessage, type TextPart, type VoiceStart } from './content.ts'
import { define } from './definition.ts'
import { addVersion, findItem, newId } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden, missing, toldOf } from './refusal.ts'

const voiceStartSchema = z.strictObject({
  voice: idSchema,
  key: keySchema,
  codec: z.literal('opus'),
  sampleRateHz: z.literal(48_000),
  channels: countSchema(2).check(z.refine(channels => channels > 0, 'expected 1 or 2 channels'))
}) satisfies z.ZodMiniType<VoiceStart>

const partSchema = z.strictObject({ from: countSchema(MAX_BODY_CHARS), to: countSchema(MAX_BODY_CHARS) })
  .check(z.refine(({ from, to }) => from < to, 'expected a part that is not empty')) satisfies z.ZodMiniType<TextPart>

// All new messages share these; they are replaced, never changed.
const NONE: readonly never[] = Object.freeze([])
const NOBODY = Object.freeze({})

/** Says something: a text, a voice that begins now, or both. With a parent it is a comment on that. */
export const addMessage = define<AddMessage>({
  verb: 'add',
  thing: 'message',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('message'),
    message: idSchema,
    body: z.optional(textSchema(MAX_BODY_CHARS)),
    format: z.optional(formatSchema),
    attachment: z.optional(voiceStartSchema),
    parent: z.optional(idSchema),
    part: z.optional(partSchema)
  }).check(
    z.refine(content => content.body !== undefined || content.attachment !== undefined, 'expected a body or an attachment'),
    z.refine(content => content.part === undefined || content.parent !== undefined, 'expected a part of a parent')
  ),
  forbids (draft, { person, permission }, { message, parent }) {
    const reason = lacks(permission, parent === undefined ? 'write' : 'comment')
    if (reason !== undefined) return { reason }
    // Whoever may comment alone says nothing about nothing. To those who cannot read the beginning the parent may be there.
    const isAboutNothing = parent !== undefined && permission === 'comment' && draft.isWhole.get() === true && findItem(draft, 'message', draft.messages, parent) === undefined
    if (isAboutNothing) return missing('message', hex(parent))
    return forbidden(newId(draft.messages, message, person) === undefined ? 'there is a message with this id' : undefined)
  },
  warns (draft, _context, { parent, part }) {
    if (parent === undefined) return undefined
    const about = findItem(draft, 'message', draft.messages, parent)
    if (about === undefined || about.deleted !== undefined) return toldOf(missing('message', hex(parent), about !== undefined))
    return part !== undefined && part.to > (about.body ?? '').length ? toldOf({ reason: 'the part ends after its parent’s text' }) : undefined
  },
  reduce (draft, { person, device, time, action }, { message, body, format = 'plain', attachment, parent, part }) {
    const id = newId(draft.messages, message, person)
    if (id === undefined) return
    if (id.length > 2 * message.length) addVersion(draft, `message ${id}`, action)
    draft.messages.set(id, {
      id,
      author: person,
      device,
      time,
      ...(body === undefined ? {} : { body }),
      format,
      ...(parent === undefined ? {} : { parent: hex(parent) }),
      ...(part === undefined ? {} : { part }),
      ...(attachment === undefined ? {} : { voice: attachment }),
      state: attachment === undefined ? 'complete' : 'recording',
      played: NOBODY,
      version: action,
      editors: NONE,
      conflicts: NONE,
      reactions: NOBODY,
      attachments: NONE
    })
  }
})
