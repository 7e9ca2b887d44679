import type { ConversationDraft, DraftChange, DraftItem, DraftParticipant } from '@parley/conversations'
import { systemRandom } from '@parley/core'
import type { Parley } from 'parley'
import { UsageError } from '../errors.ts'
import type { Io } from '../io.ts'
import { called } from './items.ts'
import { peopleNamed, permissionOf } from './people.ts'
import { readText } from './read-text.ts'
import { readTime } from './time.ts'

/** Flags of `draft new` and `draft edit`. */
export const draftOptions = [
  { flags: '--with <who...>', description: 'who takes part: names, DIDs, groups' },
  { flags: '--permission <what>', description: 'what those who are named with --with may do: read, comment, write (unless said otherwise) or full' },
  { flags: '--subject <text>', description: 'what it is about' },
  { flags: '--message <text>', description: 'a message to add; - reads it from standard input' },
  { flags: '--markdown', description: 'the message is Markdown' },
  { flags: '--label <label...>', description: 'labels to share' },
  { flags: '--expires <when>', description: 'when the conversation ends: a date, 2h or 7d from now' }
]

interface DraftFlags { with?: string[], permission?: string, subject?: string, message?: string, markdown?: boolean, label?: string[], expires?: string, replace?: string, without?: string[], remove?: string[] }

/** Reads what a command line says of a draft; `before` is what it is now. @throws {UsageError} */
export async function draftChange (io: Io, parley: Parley, flags: DraftFlags, before?: ConversationDraft): Promise<DraftChange> {
  const { with: who, without = [], subject, message, markdown, label = [], expires, replace, remove = [] } = flags
  if (message === undefined && (markdown === true || replace !== undefined)) throw new UsageError('--markdown and --replace go with --message')
  if (who === undefined && flags.permission !== undefined) throw new UsageError('--permission goes with --with')
  const permission = permissionOf('--permission', flags.permission) ?? 'write'
  const items = before?.items ?? []
  const put: NonNullable<NonNullable<DraftChange['items']>['put']> = []
  if (message !== undefined) put.push(messageItem(items, replace, await readText(io, message), markdown === true))
  for (const one of label) put.push({ content: { verb: 'add', thing: 'label', label: one } })
  if (expires !== undefined) {
    const id = items.find(({ content }) => content.thing === 'expiry')?.id
    put.push({ ...(id === undefined ? {} : { id }), content: { verb: 'modify', thing: 'expiry', expiresAt: readTime('--expires', expires, { now: io.clock.now() }), follows: null } })
  }
  const people = (await peopleNamed(parley, who ?? [])).map((did): DraftParticipant => ({ did, permission, history: 'all' }))
  return {
    ...(subject === undefined ? {} : { subject }),
    participants: { put: people, remove: await peopleNamed(parley, without) },
    items: { put, remove: remove.map(text => called('item', items, ({ id }) => id, text).id) }
  }
}

/** A message that is replaced stays the same message. */
function messageItem (items: readonly DraftItem[], replace: string | undefined, body: string, isMarkdown: boolean): { id?: string, content: DraftItem['content'] } {
  const format = isMarkdown ? 'markdown' as const : 'plain' as const
  if (replace === undefined) return { content: { verb: 'add', thing: 'message', message: systemRandom(16), body, format } }
  const { id, content } = called('item', items, item => item.id, replace)
  if (content.verb !== 'add' || content.thing !== 'message') throw new UsageError(`${replace} is no message but ${content.thing}`)
  return { id, content: { ...content, body, format: isMarkdown ? 'markdown' : content.format ?? 'plain' } }
}
