import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import type { Did } from '@parley/identity'
import * as z from 'zod/mini'
import type { Permission } from '../actions/index.ts'
import { pointShape, type LogPoint } from '../private/log-point.ts'
import type { AccessKnowledge } from './access-knowledge.ts'

/** What is shown of the newest message. */
export interface Preview {
  /** Lower-case hex of the message's id. */
  message: string
  author: Did
  /** Wall milliseconds. */
  at: number
  /** The beginning of its text, in one line; '' where it has none. */
  text: string
  /** Undefined while nobody said how long it is. */
  voice?: { state: 'recording' | 'complete' | 'cut-off', durationMs?: number | undefined } | undefined
  /** The name of its first file. */
  file?: string | undefined
}

/** Somebody in a conversation, as a list shows them. */
export interface ListedParticipant {
  did: Did
  name?: string | undefined
  permission: Permission
}

/** What a list needs of a conversation; kept with the number of actions it is made of. */
export interface Summary {
  /** Actions it covers. */
  rows: number
  access: AccessKnowledge
  subject: string | undefined
  creator: Did
  /** Wall milliseconds. */
  created: number
  participants: ListedParticipant[]
  status: 'active' | 'expired' | 'left' | 'removed' | 'hidden'
  /** Wall milliseconds, or null. */
  expiresAt: number | null
  /** Shared labels. */
  labels: string[]
  /** Wall milliseconds of the newest message, or of what else makes a conversation stir. */
  activity: number
  newest: LogPoint | undefined
  /** The newest action of somebody else that is no notice. */
  newestOther: LogPoint | undefined
  /** Where the newest message stands that is not deleted. */
  previewAt: LogPoint | undefined
  preview: Preview | undefined
  /** Messages of others after `readTo`. */
  unread: number
  /** Up to where `unread` counts as read. */
  readTo: LogPoint | undefined
  /** Actions whose content we cannot read. */
  unreadable: number
  /** The newest epoch of those that have no key here. */
  lockedEpoch: number | undefined
}

const pointSchema = z.strictObject(pointShape)
const did = z.string()

/** The form in which it is kept on this device's disk. */
export const summaryCodec: Codec<Summary & { v: 1 }> = createCodec<Summary & { v: 1 }>('summary of a conversation', z.strictObject({
  v: z.literal(1),
  rows: countSchema(),
  access: z.array(bytesSchema({ maxBytes: 1024 })),
  subject: z.optional(z.string()),
  creator: did,
  created: countSchema(),
  participants: z.array(z.strictObject({ did, name: z.optional(z.string()), permission: z.enum(['read', 'comment', 'write', 'full']) })),
  status: z.enum(['active', 'expired', 'left', 'removed', 'hidden']),
  expiresAt: z.nullable(countSchema()),
  labels: z.array(z.string()),
  activity: countSchema(),
  newest: z.optional(pointSchema),
  newestOther: z.optional(pointSchema),
  previewAt: z.optional(pointSchema),
  preview: z.optional(z.strictObject({
    message: z.string(),
    author: did,
    at: countSchema(),
    text: z.string(),
    voice: z.optional(z.strictObject({ state: z.enum(['recording', 'complete', 'cut-off']), durationMs: z.optional(countSchema()) })),
    file: z.optional(z.string())
  })),
  unread: countSchema(),
  readTo: z.optional(pointSchema),
  unreadable: countSchema(),
  lockedEpoch: z.optional(countSchema())
}) as unknown as z.ZodMiniType<Summary & { v: 1 }>, { maxBytes: 1024 * 1024 })

/** One message that is not read: where its action stands. */
export const unreadCodec: Codec<LogPoint & { v: 1 }> = createCodec('unread message', z.strictObject({ v: z.literal(1), action: cidSchema, wallMs: countSchema(), counter: countSchema() }), { maxBytes: 256 })

const MAX_PREVIEW_CHARS = 140

/** Returns the beginning of a text in one line. */
export function snippetOf (body: string | undefined): string {
  const line = (body ?? '').slice(0, MAX_PREVIEW_CHARS * 4).replace(/\s+/g, ' ').trim()
  if (line.length <= MAX_PREVIEW_CHARS) return line.toWellFormed()
  const cut = line.slice(0, MAX_PREVIEW_CHARS - 1)
  // Not through the middle of a letter of two units.
  return `${(cut.isWellFormed() ? cut : cut.slice(0, -1)).toWellFormed()}…`
}
