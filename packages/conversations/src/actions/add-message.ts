import * as z from 'zod/mini'
import { countSchema } from '@parley/core'
import { hex } from '../format/hex.ts'
import { idSchema, keySchema, textSchema, type AddMessage, type VoiceStart } from './content.ts'
import { define } from './definition.ts'

const voiceStartSchema = z.strictObject({
  voice: idSchema,
  key: keySchema,
  codec: z.literal('opus'),
  sampleRateHz: z.literal(48_000),
  channels: countSchema(2).check(z.refine(channels => channels > 0, 'expected 1 or 2 channels'))
}) satisfies z.ZodMiniType<VoiceStart>

/** Says something: a text, a voice that begins now, or both. */
export const addMessage = define<AddMessage>({
  verb: 'add',
  thing: 'message',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('message'),
    message: idSchema,
    body: z.optional(textSchema(32_768)),
    attachment: z.optional(voiceStartSchema)
  }).check(z.refine(content => content.body !== undefined || content.attachment !== undefined, 'expected a body or an attachment')),
  forbids (draft, { person }, { message }) {
    if (draft.participants.get(person)?.permission !== 'write') return 'its author may only read'
    return draft.messages.has(hex(message)) ? 'there is a message with this id' : undefined
  },
  reduce (draft, { person, device, time }, { message, body, attachment }) {
    const id = hex(message)
    draft.messages.set(id, {
      id,
      author: person,
      device,
      time,
      ...(body === undefined ? {} : { body }),
      ...(attachment === undefined ? {} : { voice: attachment }),
      state: attachment === undefined ? 'complete' : 'recording',
      played: {}
    })
  }
})
