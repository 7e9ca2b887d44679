import * as z from 'zod/mini'
import { idSchema, linkSchema, type LockMessage } from './content.ts'
import { define } from './definition.ts'
import { takeLock } from './editing.ts'
import { editorOf, messageItem, putMessage } from './items.ts'
import { forbidsChange, messageSeen, warnsOfChange } from './message-change.ts'
import { missing } from './refusal.ts'

/** Takes the right to change a message alone. */
export const lockMessage = define<LockMessage>({
  verb: 'lock',
  thing: 'message',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('lock'), thing: z.literal('message'), message: idSchema, follows: linkSchema }),
  forbids (draft, context, content) {
    const refusal = forbidsChange(draft, context, content)
    if (refusal !== undefined) return refusal
    const { message } = messageSeen(draft, content.message, content.follows)
    return message?.deleted === undefined ? undefined : missing('message', message.id, true)
  },
  warns: (draft, context, content) => warnsOfChange(draft, context, content),
  reduce (draft, context, { message: id, follows }) {
    const { message } = messageSeen(draft, id, follows)
    if (message !== undefined) putMessage(draft, message, takeLock(messageItem(draft, message), editorOf(context)))
  }
})
