import { equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { hex } from '../format/hex.ts'
import { idSchema, type DeleteAttachment } from './content.ts'
import { define } from './definition.ts'
import { findOwn } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden, missing } from './refusal.ts'

/** Takes a file away from a message. */
export const deleteAttachment = define<DeleteAttachment>({
  verb: 'delete',
  thing: 'attachment',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('delete'), thing: z.literal('attachment'), message: idSchema, attachment: idSchema }),
  forbids (draft, { person, permission }, { message, attachment }) {
    const known = findOwn(draft.messages, message, person)
    if (known === undefined) return missing('message', hex(message))
    if (!known.attachments.some(file => equals(file.attachment, attachment))) return missing('attachment', hex(attachment))
    return forbidden(known.author === person ? undefined : lacks(permission, 'full'))
  },
  reduce (draft, { person }, { message, attachment }) {
    const known = findOwn(draft.messages, message, person)
    if (known === undefined) return
    draft.messages.set(known.id, { ...known, attachments: known.attachments.filter(file => !equals(file.attachment, attachment)) })
  }
})
