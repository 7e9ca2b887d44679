import type { Content, ConversationDraft, DraftItem } from '@parley/conversations'
import type { Parley } from 'parley'
import { moment } from '../output.ts'
import { oneLine } from '../terminal-text.ts'
import { called } from './items.ts'
import { iso } from './time.ts'

/** Takes a draft's id, or the beginning of one. */
export async function draftCalled (parley: Parley, text: string): Promise<ConversationDraft> {
  const drafts: ConversationDraft[] = []
  for await (const draft of parley.drafts.list()) drafts.push(draft)
  return called('draft', drafts, ({ id }) => id, text)
}

/** A draft as `--json` tells it. */
export async function jsonDraft (parley: Parley, { id, begun, subject, participants, items, publishing }: ConversationDraft): Promise<Record<string, unknown>> {
  return {
    draft: id,
    begun: iso(begun),
    subject,
    participants: await Promise.all(participants.map(async ({ did, permission, history }) => ({ did, name: await parley.nameOf(did), permission, history }))),
    items: items.map(({ id: item, content }) => ({ item, ...itemOf(content) })),
    publishing: publishing === undefined ? null : publishing.conversation.toString()
  }
}

function itemOf (content: Content): Record<string, unknown> {
  const kind = `${content.verb} ${content.thing}`
  if (content.verb === 'add' && content.thing === 'message') return { kind, body: content.body ?? '', format: content.format ?? 'plain' }
  if (content.verb === 'add' && content.thing === 'label') return { kind, label: content.label }
  if (content.verb === 'modify' && content.thing === 'expiry') return { kind, expires: content.expiresAt === null ? null : iso(content.expiresAt) }
  return { kind }
}

/** A draft for people. */
export async function draftText (parley: Parley, draft: ConversationDraft): Promise<string> {
  const { id, begun, subject, participants, items, publishing } = draft
  const people = await Promise.all(participants.map(async ({ did, permission, history }) => `${oneLine(await parley.nameOf(did))} (${permission}${history === 'all' ? '' : ', from now'})`))
  return [
    subject === '' ? '(no subject)' : oneLine(subject),
    `Draft ${id}, begun ${moment(begun)}`,
    `For       ${people.length === 0 ? 'nobody yet' : people.join(', ')}`,
    ...(publishing === undefined ? [] : [`Its publication has begun, as ${publishing.conversation.toString()}; publish it again to finish that`]),
    ...items.flatMap(item => ['', ...itemLines(item)]),
    ''
  ].join('\n')
}

function itemLines ({ id, content }: DraftItem): string[] {
  const head = id.slice(0, 8)
  if (content.verb === 'add' && content.thing === 'message') return [`${head}  message${content.format === 'markdown' ? ', Markdown' : ''}`, ...(content.body ?? '').split('\n').map(line => `  | ${line}`)]
  if (content.verb === 'add' && content.thing === 'label') return [`${head}  label #${oneLine(content.label)}`]
  if (content.verb === 'modify' && content.thing === 'expiry') return [`${head}  ends ${content.expiresAt === null ? 'never' : moment(content.expiresAt)}`]
  if (content.verb === 'add' && content.thing === 'extra') return [`${head}  ${content.kind}: ${oneLine(content.text)}`]
  return [`${head}  ${content.thing}`]
}
