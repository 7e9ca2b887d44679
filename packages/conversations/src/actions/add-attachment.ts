import { equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { countSchema } from '@parley/core'
import { hex } from '../format/hex.ts'
import { durationSchema, idSchema, manifestSchema, textSchema, type AddAttachment } from './content.ts'
import { define } from './definition.ts'

/** Ends a message's voice: what was kept of it and how it ended. */
export const addAttachment = define<AddAttachment>({
  verb: 'add',
  thing: 'attachment',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('add'),
    thing: z.literal('attachment'),
    message: idSchema,
    voice: idSchema,
    manifest: manifestSchema,
    durationMs: durationSchema,
    segments: countSchema(10_000_000),
    cutOff: z.boolean(),
    reason: z.optional(textSchema(1024))
  }),
  links: ({ manifest }) => manifest === null ? [] : [manifest],
  forbids (draft, { person }, { message, voice }) {
    const known = draft.messages.get(hex(message))
    if (known?.voice === undefined || !equals(known.voice.voice, voice)) return 'there is no message with this voice'
    if (known.author !== person) return 'the message is somebody else’s'
    return known.state === 'recording' ? undefined : 'the voice has ended before'
  },
  reduce (draft, _context, { message, manifest, durationMs, segments, cutOff, reason }) {
    const known = draft.messages.get(hex(message))
    if (known?.voice === undefined) return
    const end = { manifest, durationMs, segments, cutOff, ...(reason === undefined ? {} : { reason }) }
    draft.messages.set(known.id, { ...known, voice: { ...known.voice, ...end }, state: cutOff ? 'cut-off' : 'complete' })
  }
})
