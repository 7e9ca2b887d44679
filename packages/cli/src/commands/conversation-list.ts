import type { ListEntry, ListFilter } from '@parley/conversations'
import type { Parley } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { fetchIfAsked, fetchOption } from '../conversation/fetching.ts'
import { iso } from '../conversation/time.ts'
import { nameOf } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'
import { clockTime, moment, table } from '../output.ts'
import { shortened } from '../terminal-text.ts'
import { wholeNumber } from '../whole-number.ts'
import { didOf } from '../who.ts'

const MOST_ENTRIES = 1000
const PREVIEW_CHARS = 50
const SUBJECT_CHARS = 40
/** Of an id: enough to name it on the next command line. */
const ID_CHARS = 16

export const conversationList: CommandDefinition = {
  usage: 'conversation list',
  summary: 'list your conversations by pages, the last that stirred first',
  options: [
    { flags: '--unread', description: 'only those with something unread' },
    { flags: '--archived', description: 'only those that you archived, which are left out else' },
    { flags: '--all', description: 'also those that you archived' },
    { flags: '--muted', description: 'only those that you muted' },
    { flags: '--favourite', description: 'only your favourites' },
    { flags: '--label <label>', description: 'only those with this label, yours or shared' },
    { flags: '--with <who>', description: 'only those in which they take part' },
    { flags: '--subject <text>', description: 'only those whose subject has this in it' },
    { flags: '--limit <n>', description: 'how many to list', default: '50' },
    { flags: '--after <cursor>', description: 'go on behind a page: what that printed as next' },
    fetchOption
  ],
  examples: ['parley conversation list', 'parley conversation list --unread --with Bob', 'parley conversation list --label work --limit 20 --json'],
  async action (context, _args, options) {
    const { output, withParley } = context
    if (options['all'] === true && options['archived'] === true) throw new UsageError('Give either --all or --archived')
    const limit = wholeNumber('--limit', options['limit'], 1, MOST_ENTRIES)
    await withParley(async parley => {
      const unreachable = await fetchIfAsked(context, parley, options)
      await parley.list.settled()
      const { entries, next } = pageOf(parley, await filterOf(parley, options), options, limit)
      const rows = await Promise.all(entries.map(async entry => await rowOf(parley, entry)))
      output.result({ conversations: rows, next: next ?? null, ...(options['fetch'] === true ? { unreachable } : {}) }, rows.length === 0
        ? 'No conversations like that. Begin one with: parley conversation new --with <who>\n'
        : listing(parley, rows) + (next === undefined ? '' : `\nMore: --after ${next}\n`))
    })
    return undefined
  }
}

async function filterOf (parley: Parley, { unread, archived, all, muted, favourite, subject, with: who }: Record<string, unknown>): Promise<ListFilter> {
  return {
    ...(unread === true ? { unread: true } : {}),
    ...(all === true ? {} : { archived: archived === true }),
    ...(muted === true ? { muted: true } : {}),
    ...(favourite === true ? { favourite: true } : {}),
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof who === 'string' ? { person: await didOf(parley, who) } : {})
  }
}

/** A label of whoever's: the list knows filters for either, so those of both are put together here. */
function pageOf (parley: Parley, filter: ListFilter, { label, after }: Record<string, unknown>, limit: number): { entries: ListEntry[], next: string | undefined } {
  const entries: ListEntry[] = []
  let next = typeof after === 'string' ? after : undefined
  do {
    const page = parley.list.page({ ...filter, ...(next === undefined ? {} : { after: next }), limit: limit - entries.length })
    entries.push(...page.entries.filter(({ labels }) => typeof label !== 'string' || labels.private.includes(label) || labels.shared.includes(label)))
    next = page.next
  } while (next !== undefined && entries.length < limit)
  return { entries, next }
}

interface Row extends Record<string, unknown> {
  id: string
  subject: string
  participants: Array<{ did: string, name: string, permission: string }>
  unread: number
  isUnread: boolean
  preview: { message: string, author: string, authorName: string, at: string, text: string } | null
  lastAt: string
  labels: ListEntry['labels']
  marks: string[]
}

async function rowOf (parley: Parley, entry: ListEntry): Promise<Row> {
  const { id, subject, creator, created, status, expiresAt, lastActivity, unread, isUnread, preview, labels, mutedUntil, isArchived, isFavourite, unreadable } = entry
  const named = async (did: string, name?: string): Promise<string> => {
    const known = await nameOf(parley, did)
    return known === did ? name ?? did : known
  }
  return {
    id: id.toString(),
    subject: subject ?? '',
    creator,
    created: iso(created),
    participants: await Promise.all(entry.participants.map(async ({ did, name, permission }) => ({ did, name: await named(did, name), permission }))),
    status,
    expires: expiresAt === null ? null : iso(expiresAt),
    lastAt: iso(lastActivity),
    unread,
    isUnread,
    preview: preview === undefined ? null : { message: preview.message, author: preview.author, authorName: await named(preview.author), at: iso(preview.at), text: previewText(preview) },
    labels,
    isArchived,
    isFavourite,
    isMuted: mutedUntil !== undefined,
    mutedUntil: typeof mutedUntil === 'number' ? iso(mutedUntil) : null,
    unreadable,
    marks: [...(status === 'active' ? [] : [status]), ...(isArchived ? ['archived'] : []), ...(mutedUntil === undefined ? [] : ['muted']), ...(isFavourite ? ['favourite'] : [])]
  }
}

function previewText ({ text, voice, file }: NonNullable<ListEntry['preview']>): string {
  if (text !== '') return text
  if (voice !== undefined) return `(voice${voice.durationMs === undefined ? '' : ` ${clockTime(voice.durationMs)}`})`
  return file === undefined ? '' : `(file ${file})`
}

function listing (parley: Parley, rows: Row[]): string {
  return table(['ID', 'WHEN', 'NEW', 'WITH', 'SUBJECT', 'LAST', ''], rows.map(({ id, lastAt, unread, isUnread, participants, subject, preview, labels, marks }) => [
    id.slice(0, ID_CHARS),
    moment(Date.parse(lastAt)),
    unread > 0 ? String(unread) : isUnread ? '*' : '',
    participants.filter(({ did }) => did !== parley.person).map(({ name }) => name).join(', '),
    shortened(subject, SUBJECT_CHARS),
    preview === null ? '' : `${preview.authorName}: ${shortened(preview.text, PREVIEW_CHARS)}`,
    [...marks, ...[...labels.private, ...labels.shared].map(label => `#${label}`)].join(' ')
  ]))
}
