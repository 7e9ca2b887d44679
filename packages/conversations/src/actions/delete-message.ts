import * as z from 'zod/mini'
import { idSchema, linkSchema, type DeleteMessage } from './content.ts'
import { define } from './definition.ts'
import { remove } from './editing.ts'
import { addVersion, editorOf, messageItem, putMessage } from './items.ts'
import { forbidsRemoval, messageSeen, warnsOfChange } from './message-change.ts'
import { missing } from './refusal.ts'

/** Takes a message out of sight. The action that said it stays in the log, and it can be brought back. */
export const deleteMessage = define<DeleteMessage>({
  verb: 'delete',
  thing: 'message',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('delete'), thing: z.literal('message'), message: idSchema, follows: linkSchema }),
  forbids (draft, context, content) {
    const refusal = forbidsRemoval(draft, context, content)
    if (refusal !== undefined) return refusal
    const { message } = messageSeen(draft, content.message, content.follows)
    return message?.deleted === undefined ? undefined : missing('message', message.id, true)
  },
  warns: (draft, context, content) => warnsOfChange(draft, context, content),
  reduce (draft, context, { message: id, follows }) {
    const { message, seen } = messageSeen(draft, id, follows)
    if (message === undefined || seen === undefined) return
    putMessage(draft, message, remove(messageItem(draft, message), editorOf(context), seen))
    addVersion(draft, `message ${message.id}`, context.action)
  }
})
