import * as z from 'zod/mini'
import { linkSchema, type LockSubject } from './content.ts'
import { define } from './definition.ts'
import { takeLock } from './editing.ts'
import { editorOf, tell, unknownVersion, warnOfLoss } from './items.ts'
import { lacks } from './permission.ts'
import { missing } from './refusal.ts'
import { seenOfSubject } from './subject.ts'

/** Takes the right to change the subject alone. */
export const lockSubject = define<LockSubject>({
  verb: 'lock',
  thing: 'subject',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('lock'), thing: z.literal('subject'), follows: linkSchema }),
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
  reduce (draft, context) {
    const subject = draft.subject.get()
    if (subject === undefined) return
    const edited = takeLock(subject, editorOf(context))
    draft.subject.set(edited.item)
    tell(draft, { thing: 'subject' }, edited)
  }
})
