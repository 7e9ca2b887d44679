import { CID } from '@parley/core'
import type { Parley } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { clockTime, moment, table } from '../output.ts'

export const conversationList: CommandDefinition = {
  usage: 'conversation list',
  summary: 'list your conversations, the newest first',
  examples: ['parley conversation list', 'parley conversation list --json'],
  async action ({ output, withParley }) {
    await withParley(async parley => {
      const rows = []
      for await (const id of parley.conversations.ids()) {
        const state = await (await parley.conversations.open(id)).state()
        const lastAt = state.messages.reduce((last, { time }) => Math.max(last, time.wallMs), state.created)
        rows.push({
          id: id.toString(),
          subject: state.subject ?? '',
          participants: await Promise.all(state.participants.map(async ({ did }) => ({ did, name: await nameOf(parley, did) }))),
          messages: state.messages.length,
          lastAt: new Date(lastAt).toISOString()
        })
      }
      rows.sort((a, b) => b.lastAt.localeCompare(a.lastAt))
      output.result(rows, rows.length === 0
        ? 'No conversations yet.\n'
        : table(['WHEN', 'WITH', 'MESSAGES', 'SUBJECT', 'ID'], rows.map(({ id, subject, participants, messages, lastAt }) =>
          [moment(Date.parse(lastAt)), participants.filter(({ did }) => did !== parley.person).map(({ name }) => name).join(', '), String(messages), subject, id])))
    })
    return undefined
  }
}

export const conversationShow: CommandDefinition = {
  usage: 'conversation show <id>',
  summary: 'show what was said in a conversation, and who played it',
  examples: ['parley conversation show bafy…', 'parley conversation show bafy… --json'],
  async action ({ output, withParley }, [text = '']) {
    await withParley(async parley => {
      const conversation = await parley.conversations.open(await conversationId(parley, text))
      const state = await conversation.state()
      const messages = await Promise.all(state.messages.map(async message => ({
        message: message.id,
        author: message.author,
        authorName: await nameOf(parley, message.author),
        at: new Date(message.time.wallMs).toISOString(),
        state: message.state,
        durationMs: message.voice?.durationMs ?? null,
        played: await Promise.all(Object.entries(message.played).map(async ([did, mark]) => ({ did, name: await nameOf(parley, did), ...mark, at: new Date(mark.at).toISOString() })))
      })))
      output.result(
        { id: state.id.toString(), subject: state.subject, created: new Date(state.created).toISOString(), participants: state.participants, messages, heads: state.heads.map(String) },
        `${(state.subject ?? '') === '' ? '(no subject)' : state.subject}\n\n` + table(['WHEN', 'WHO', 'LENGTH', 'STATE', 'PLAYED BY'], messages.map(message =>
          [moment(Date.parse(message.at)), message.authorName, message.durationMs === null ? '' : clockTime(message.durationMs), message.state, message.played.map(({ name }) => name).join(', ')]))
      )
    })
    return undefined
  }
}

/** Takes an id, or the beginning of one that no other conversation shares. */
async function conversationId (parley: Parley, text: string): Promise<CID> {
  const fitting: CID[] = []
  for await (const id of parley.conversations.ids()) if (id.toString().startsWith(text)) fitting.push(id)
  const [only, another] = fitting
  if (only !== undefined && another === undefined) return only
  if (another !== undefined) throw new UsageError(`More than one conversation begins with ${text}`)
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new UsageError(`"${text}" is no conversation id; list them with: parley conversation list`, { cause })
  }
}

async function nameOf (parley: Parley, did: string): Promise<string> {
  if (did === parley.person) return 'me'
  return await parley.nameOf(did)
}
