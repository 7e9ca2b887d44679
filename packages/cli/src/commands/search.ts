import type { SearchHit, Snippet } from '@parley/conversations'
import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Parley } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { fetchIfAsked, fetchOption } from '../conversation/fetching.ts'
import { iso, readTime } from '../conversation/time.ts'
import { conversationId, nameOf } from '../conversation-id.ts'
import { moment } from '../output.ts'
import { oneLine } from '../terminal-text.ts'
import { wholeNumber } from '../whole-number.ts'
import { peopleNamed } from '../conversation/people.ts'

const MOST_HITS = 1000

export const search: CommandDefinition = {
  usage: 'search <words...>',
  summary: 'find words in your conversations: subjects, names, labels, messages, files and extras; what was found stands in [brackets]',
  options: [
    { flags: '--in <id...>', description: 'only in these conversations' },
    { flags: '--from <who...>', description: 'only what they said; me for yourself' },
    { flags: '--since <when>', description: 'only what was said since: a date, or 7d' },
    { flags: '--until <when>', description: 'only what was said before: a date, or 7d' },
    { flags: '--any', description: 'one of the words is enough' },
    { flags: '--once', description: 'name each conversation once' },
    { flags: '--limit <n>', description: 'how many to list', default: '20' },
    fetchOption
  ],
  examples: ['parley search pizza', 'parley search plan friday --from Bob --since 30d', 'parley search invoice --in bafy… --json'],
  async action (context, words, options) {
    const { io, output, withParley } = context
    const now = io.clock.now()
    const limit = wholeNumber('--limit', options['limit'], 1, MOST_HITS)
    const time = (flag: 'since' | 'until'): number | undefined => options[flag] === undefined ? undefined : readTime(`--${flag}`, options[flag] as string, { now, isPast: true })
    const [since, until] = [time('since'), time('until')]
    await withParley(async parley => {
      await fetchIfAsked(context, parley, options)
      await parley.search.caughtUp({ signal: io.signal })
      const hits: SearchHit[] = []
      const found = parley.search.find(words.join(' '), {
        conversations: await conversationsOf(parley, options['in']),
        authors: await authorsOf(parley, options['from']),
        since,
        until,
        match: options['any'] === true ? 'any' : 'all',
        once: options['once'] === true,
        signal: io.signal
      })
      for await (const hit of found) if (hits.push(hit) >= limit) break
      const rows = await Promise.all(hits.map(async hit => ({ hit, author: hit.author === undefined ? undefined : await nameOf(parley, hit.author) })))
      output.result(
        rows.map(({ hit, author }) => ({ ...hit, conversation: hit.conversation.toString(), subject: hit.subject ?? null, message: hit.message ?? null, author: hit.author ?? null, authorName: author ?? null, time: iso(hit.time) })),
        rows.length === 0 ? 'Nothing was found.\n' : rows.map(({ hit, author }) => hitText(hit, author)).join('\n')
      )
    })
    return undefined
  }
}

async function conversationsOf (parley: Parley, given: unknown): Promise<CID[] | undefined> {
  return given === undefined ? undefined : await Promise.all((given as string[]).map(async text => await conversationId(parley, text)))
}

async function authorsOf (parley: Parley, given: unknown): Promise<Did[] | undefined> {
  if (given === undefined) return undefined
  const others = await peopleNamed(parley, (given as string[]).filter(who => who !== 'me' && who !== parley.person))
  return (given as string[]).some(who => who === 'me' || who === parley.person) ? [parley.person, ...others] : others
}

function hitText ({ conversation, subject, kind, message, time, snippets }: SearchHit, author: string | undefined): string {
  const where = `${subject === undefined || subject === '' ? '(no subject)' : oneLine(subject)}  ${conversation.toString().slice(0, 16)}${message === undefined ? '' : `  ${message.slice(0, 8)}`}`
  return `${where}  ${moment(time)}${author === undefined ? '' : `  ${oneLine(author)}`}${kind === 'message' ? '' : `  ${kind}`}\n${snippets.map(snippet => `  ${marked(snippet)}\n`).join('')}`
}

/** A snippet in one line, with what was found in brackets. */
function marked ({ field, text, ranges }: Snippet): string {
  let [line, at] = ['', 0]
  for (const { from, to } of ranges) {
    line += `${text.slice(at, from)}[${text.slice(from, to)}]`
    at = to
  }
  return `${field === 'text' ? '' : `${field}: `}${oneLine(line + text.slice(at))}`
}
