import * as z from 'zod/mini'
import { linkSchema, type ReleaseSubject } from './content.ts'
import { define } from './definition.ts'
import { releaseLock } from './editing.ts'
import { noRelease } from './items.ts'

/** Gives up the lock of the subject, or takes it from its holder. */
export const releaseSubject = define<ReleaseSubject>({
  verb: 'release',
  thing: 'subject',
  schema: z.strictObject({ v: z.literal(1), verb: z.literal('release'), thing: z.literal('subject'), lock: linkSchema }),
  forbids: (draft, context, { lock }) => noRelease(draft.subject.get(), context, lock),
  reduce (draft) {
    const subject = draft.subject.get()
    if (subject !== undefined) draft.subject.set(releaseLock(subject))
  }
})
