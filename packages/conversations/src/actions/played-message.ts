import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { durationSchema, idSchema, type PlayedMessage } from './content.ts'
import { define } from './definition.ts'
import { missing } from './refusal.ts'

/** Says how far its author has listened to a message; who heard the end once stays done. */
export const playedMessage = define<PlayedMessage>({
  verb: 'played',
  thing: 'message',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('played'),
    thing: z.literal('message'),
    message: idSchema,
    positionMs: durationSchema,
    done: z.boolean()
  }),
  forbids: (draft, _context, { message }) => draft.messages.has(hex(message)) ? undefined : missing('message', hex(message)),
  reduce (draft, { person, time }, { message, positionMs, done }) {
    const known = draft.messages.get(hex(message))
    if (known === undefined) return
    const before = known.played[person]
    const played = { ...known.played, [person]: { positionMs, done: done || before?.done === true, at: time.wallMs } }
    draft.messages.set(known.id, { ...known, played })
  }
})
