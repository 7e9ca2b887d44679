import * as z from 'zod/mini'
import { idSchema, linkSchema, type RecoverMessage } from './content.ts'
import { define } from './definition.ts'
import { recover } from './editing.ts'
import { addVersion, editorOf, messageItem, putMessage } from './items.ts'
import { forbidsRemoval, messageSeen, warnsOfChange } from './message-change.ts'
import { forbidden } from './refusal.ts'

/** Brings a deleted message back, as it was. */
export const recoverMessage = define<RecoverMessage>({
  verb: 'recover',
  thing: 'message',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('recover'), thing: z.literal('message'), message: idSchema, follows: linkSchema }),
  forbids (draft, context, content) {
    const refusal = forbidsRemoval(draft, context, content)
    if (refusal !== undefined) return refusal
    const { message } = messageSeen(draft, content.message, content.follows)
    return forbidden(message?.deleted === undefined ? 'the message is not deleted' : undefined)
  },
  warns: (draft, context, content) => warnsOfChange(draft, context, content),
  reduce (draft, context, { message: id, follows }) {
    const { message } = messageSeen(draft, id, follows)
    if (message === undefined) return
    putMessage(draft, message, { item: recover(messageItem(draft, message), editorOf(context)) })
    addVersion(draft, `message ${message.id}`, context.action)
  }
})
