import * as z from 'zod/mini'
import { MAX_SUBJECT_CHARS } from '../format/limits.ts'
import { linkSchema, textSchema, type ModifySubject } from './content.ts'
import { define } from './definition.ts'
import { edit } from './editing.ts'
import { addVersion, editorOf, tell, unknownVersion, warnOfLoss } from './items.ts'
import { lacks } from './permission.ts'
import { missing } from './refusal.ts'
import { seenOfSubject } from './subject.ts'

/** Gives the conversation another subject. Its id stays what it is. */
export const modifySubject = define<ModifySubject>({
  verb: 'modify',
  thing: 'subject',
  schema: z.strictObject({
    v: z.literal(1),
    verb: z.literal('modify'),
    thing: z.literal('subject'),
    subject: textSchema(MAX_SUBJECT_CHARS),
    follows: linkSchema,
    release: z.optional(z.literal(true))
  }),
  forbids (draft, { permission }, { follows }) {
    const reason = lacks(permission, 'write')
    if (reason !== undefined) return { reason }
    const subject = draft.subject.get()
    if (subject === undefined) return missing('subject', '')
    return seenOfSubject(draft, subject, follows) === undefined ? unknownVersion('subject', subject.version) : undefined
  },
  warns (draft, context, { follows }) {
    const subject = draft.subject.get()
    return subject === undefined ? undefined : warnOfLoss(subject, context, seenOfSubject(draft, subject, follows))
  },
  reduce (draft, context, { subject: value, follows, release }) {
    const subject = draft.subject.get()
    const seen = subject === undefined ? undefined : seenOfSubject(draft, subject, follows)
    if (subject === undefined || seen === undefined) return
    const edited = edit(subject, editorOf(context), { seen, value, release })
    draft.subject.set(edited.item)
    addVersion(draft, 'subject', context.action)
    tell(draft, { thing: 'subject' }, edited)
  }
})
