import { countSchema } from '@parley/core'
import { equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { fileShape, fitsRoot } from '../files/file-schema.ts'
import { hex } from '../format/hex.ts'
import { MAX_FILES, MAX_REASON_CHARS } from '../format/limits.ts'
import { durationSchema, idSchema, manifestSchema, textSchema, type AddAttachment, type AddFile, type AddVoiceEnd, type AttachedFile } from './content.ts'
import { define } from './definition.ts'
import { findOwn } from './items.ts'
import { lacks } from './permission.ts'
import { forbidden, missing } from './refusal.ts'

const head = { v: z.literal(1), verb: z.literal('add'), thing: z.literal('attachment'), message: idSchema }

const voiceEndSchema: z.ZodMiniType<AddVoiceEnd & { v: 1 }> = z.strictObject({
  ...head,
  voice: idSchema,
  manifest: manifestSchema,
  durationMs: durationSchema,
  segments: countSchema(10_000_000),
  cutOff: z.boolean(),
  reason: z.optional(textSchema(MAX_REASON_CHARS))
})
const fileSchema: z.ZodMiniType<AttachedFile> = z.strictObject({ attachment: idSchema, ...fileShape }).check(z.refine(fitsRoot, 'expected the root of a file of this size'))
const addFileSchema: z.ZodMiniType<AddFile & { v: 1 }> = z.strictObject({ ...head, file: fileSchema })

/** Adds to a message of one's own: what was kept of its voice and how that ended, or a file. */
export const addAttachment = define<AddAttachment>({
  verb: 'add',
  thing: 'attachment',
  schema: z.union([voiceEndSchema, addFileSchema]),
  links (content) {
    if ('file' in content) return [content.file.root]
    return content.manifest === null ? [] : [content.manifest]
  },
  forbids (draft, { person, permission }, content) {
    const known = findOwn(draft.messages, content.message, person)
    if ('file' in content) {
      const reason = lacks(permission, 'comment')
      if (reason !== undefined) return { reason }
      if (known === undefined) return missing('message', hex(content.message))
      if (known.author !== person) return { reason: 'the message is somebody else’s' }
      if (known.attachments.length >= MAX_FILES) return { reason: `the message has ${MAX_FILES} files` }
      return forbidden(known.attachments.some(({ attachment }) => equals(attachment, content.file.attachment)) ? 'the message has this file' : undefined)
    }
    if (known?.voice === undefined || !equals(known.voice.voice, content.voice)) return { reason: 'there is no message with this voice' }
    if (known.author !== person) return { reason: 'the message is somebody else’s' }
    return forbidden(known.state === 'recording' ? undefined : 'the voice has ended before')
  },
  reduce (draft, { person }, content) {
    const known = findOwn(draft.messages, content.message, person)
    if (known === undefined) return
    if ('file' in content) {
      draft.messages.set(known.id, { ...known, attachments: [...known.attachments, content.file] })
    } else if (known.voice !== undefined) {
      const { manifest, durationMs, segments, cutOff, reason } = content
      const end = { manifest, durationMs, segments, cutOff, ...(reason === undefined ? {} : { reason }) }
      draft.messages.set(known.id, { ...known, voice: { ...known.voice, ...end }, state: cutOff ? 'cut-off' : 'complete' })
    }
  }
})
