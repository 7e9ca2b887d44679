import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { idSchema, linkSchema, type ReleaseMessage } from './content.ts'
import { define } from './definition.ts'
import { releaseLock } from './editing.ts'
import { messageItem, noRelease, putMessage } from './items.ts'
import { missing } from './refusal.ts'

/** Gives up the lock of a message, or takes it from its holder. */
export const releaseMessage = define<ReleaseMessage>({
  verb: 'release',
  thing: 'message',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('release'), thing: z.literal('message'), message: idSchema, lock: linkSchema }),
  forbids (draft, context, { message: id, lock }) {
    const message = draft.messages.get(hex(id))
    return message === undefined ? missing('message', hex(id)) : noRelease(message, context, lock)
  },
  reduce (draft, _context, { message: id }) {
    const message = draft.messages.get(hex(id))
    if (message !== undefined) putMessage(draft, message, { item: releaseLock(messageItem(draft, message)) })
  }
})
