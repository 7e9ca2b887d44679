import * as z from 'zod/mini'
import { MAX_BODY_CHARS } from '../format/limits.ts'
import { formatSchema, idSchema, linkSchema, textSchema, type ModifyMessage } from './content.ts'
import { define } from './definition.ts'
import { edit } from './editing.ts'
import { addVersion, editorOf, messageItem, putMessage } from './items.ts'
import { forbidsChange, messageSeen, warnsOfChange } from './message-change.ts'

/** Gives a message another text. What else it has, as its voice, stays. */
export const modifyMessage = define<ModifyMessage>({
  verb: 'modify',
  thing: 'message',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('modify'),
    thing: z.literal('message'),
    message: idSchema,
    body: textSchema(MAX_BODY_CHARS),
    format: z.optional(formatSchema),
    follows: linkSchema,
    release: z.optional(z.literal(true))
  }),
  forbids: (draft, context, content) => forbidsChange(draft, context, content),
  warns: (draft, context, content) => warnsOfChange(draft, context, content),
  reduce (draft, context, { message: id, body, format = 'plain', follows, release }) {
    const { message, seen } = messageSeen(draft, id, follows)
    if (message === undefined || seen === undefined) return
    const edited = edit(messageItem(draft, message), editorOf(context), { seen, value: { body, format }, release })
    putMessage(draft, message, edited)
    addVersion(draft, `message ${message.id}`, context.action)
  }
})
