import type { MarksChange } from '@parley/conversations'
import type { Parley } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandDefinition } from '../command.ts'
import { openConversation, tellKept, type Opened } from '../conversation/in-conversation.ts'
import { sendOut } from '../conversation/send-out.ts'
import { iso, readTime } from '../conversation/time.ts'
import { UsageError } from '../errors.ts'

const DURABLE = { durable: true }

/** What a conversation can be marked as: what is changed for it, and what it comes to in words. */
interface MarkKind { words: string, change(parley: Parley, opened: Opened, until: number | null): MarksChange }

const MARKS: Readonly<Record<string, MarkKind>> = {
  unread: { words: 'unread', change: () => ({ unread: true }) },
  archived: {
    words: 'archived, until somebody says something',
    change (parley, { id }) {
      const newest = parley.list.get(id)?.newest
      if (newest === undefined) throw new UsageError('There is nothing in it yet')
      return { archived: newest }
    }
  },
  active: { words: 'not archived', change: () => ({ archived: null }) },
  muted: { words: 'muted', change: (_parley, _opened, until) => ({ muted: { until } }) },
  unmuted: { words: 'not muted', change: () => ({ muted: null }) },
  favourite: { words: 'a favourite', change: () => ({ favourite: true }) },
  ordinary: { words: 'no favourite', change: () => ({ favourite: false }) },
  notices: { words: 'one of which the others are told how far you read', change: () => ({ notices: true }) },
  discreet: { words: 'one of which the others are not told how far you read', change: () => ({ notices: false }) }
}
const KINDS = ['read', ...Object.keys(MARKS)]

export const conversationMark: CommandDefinition = {
  usage: 'conversation mark <id> <as...>',
  summary: `mark a conversation for yourself, on all your devices: ${KINDS.join(', ')}`,
  options: [{ flags: '--until <when>', description: 'with muted: until when' }],
  examples: ['parley conversation mark bafy… read', 'parley conversation mark bafy… muted --until 8h', 'parley conversation mark bafy… favourite archived'],
  async action (context, [text = '', ...kinds], { until: given }) {
    const strange = kinds.find(kind => !KINDS.includes(kind))
    if (strange !== undefined) throw new UsageError(`A conversation is marked as one of ${KINDS.join(', ')}, not "${strange}"`)
    if (given !== undefined && !kinds.includes('muted')) throw new UsageError('--until goes with muted')
    const until = given === undefined ? null : readTime('--until', given as string, { now: context.io.clock.now() })
    return await context.withParley(async parley => {
      const opened = await openConversation(parley, text)
      const { id } = opened
      await parley.list.settled()
      const changes = kinds.flatMap(kind => MARKS[kind]?.change(parley, opened, until) ?? [])
      if (kinds.includes('read')) await parley.readNotices.markRead(id, undefined, DURABLE)
      for (const change of changes) await parley.marks.set(id, change, DURABLE)
      // Whoever has others told of it wants that now, not when something else is said.
      const { notices = await parley.readNotices.isSentByDefault() } = await parley.marks.get(id)
      if (kinds.includes('read') && notices) {
        await parley.readNotices.flush({ signal: context.io.signal })
        await sendOut(context, parley, id)
      }
      const marks = await parley.marks.get(id)
      return await tellKept(context, parley, {
        value: { conversation: id.toString(), as: kinds, ...(typeof until === 'number' ? { until: iso(until) } : {}), readTo: marks.readTo?.action.toString() ?? null },
        words: `It is ${kinds.map(kind => MARKS[kind]?.words ?? kind).join(', ')} now`
      })
    })
  }
}

export const conversationNote: CommandDefinition = {
  usage: 'conversation note <id> <text>',
  summary: 'note something of a conversation for yourself; "" takes the note away',
  examples: ['parley conversation note bafy… "Ask Bob about the wine"'],
  async action (context, [text = '', note = '']) {
    return await context.withParley(async parley => {
      const { id } = await openConversation(parley, text)
      await asUsage('A note cannot be like that', async () => { await parley.marks.set(id, { note: note === '' ? null : note }, DURABLE) })
      return await tellKept(context, parley, { value: { conversation: id.toString(), note: note === '' ? null : note }, words: note === '' ? 'There is no note any more' : 'Noted' })
    })
  }
}
