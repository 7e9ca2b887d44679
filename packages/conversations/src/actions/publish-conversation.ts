import { equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { hashSubject } from '../format/basics.ts'
import { MAX_SUBJECT_CHARS } from '../format/limits.ts'
import { idSchema, textSchema, type PublishConversation } from './content.ts'
import { define } from './definition.ts'
import { beginItem } from './editing.ts'
import { addVersion } from './items.ts'

/** The first action of a conversation: tells the subject that the basics hold the hash of. */
export const publishConversation = define<PublishConversation>({
  verb: 'publish',
  thing: 'conversation',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('publish'),
    thing: z.literal('conversation'),
    subject: textSchema(MAX_SUBJECT_CHARS),
    salt: idSchema
  }),
  forbids (draft, { person, creator, subjectHash }, { salt, subject }) {
    if (person !== creator) return { reason: 'only the creator publishes' }
    if (draft.isWhole.get() === true) return { reason: 'it was published before' }
    return equals(hashSubject(salt, subject), subjectHash) ? undefined : { reason: 'its subject is not that of the conversation’s basics' }
  },
  reduce (draft, { action, person, time }, { subject }) {
    draft.isWhole.set(true)
    draft.subject.set(beginItem({ action, by: person, at: time.wallMs, value: subject }))
    addVersion(draft, 'subject', action)
  }
})
