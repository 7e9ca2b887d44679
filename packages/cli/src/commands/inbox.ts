import type { InboxEntry, Parley, SyncReport } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { clockTime, moment, table } from '../output.ts'

export const inbox: CommandDefinition = {
  usage: 'inbox',
  summary: 'fetch and list what was said to you',
  options: [{ flags: '--offline', description: 'list what is on this device without asking the proxies' }],
  examples: ['parley inbox', 'parley inbox --json'],
  async action ({ io, output, withParley }, _args, { offline }) {
    await withParley(async parley => {
      const report: SyncReport = offline === true ? { reached: [], unreachable: [] } : await parley.sync({ signal: io.signal })
      for (const { who, reason } of report.unreachable) output.say(`${who} could not be reached: ${reason}`)
      const entries = await parley.inbox()
      output.result(
        { messages: entries.map(jsonEntry), unreachable: report.unreachable },
        entries.length === 0 ? 'Nothing yet.\n' : listing(entries)
      )
    })
    return undefined
  }
}

/** One entry as `--json` tells it. */
export function jsonEntry (entry: InboxEntry): Record<string, unknown> {
  return { ...entry, conversation: entry.conversation.toString(), at: new Date(entry.at).toISOString() }
}

function listing (entries: InboxEntry[]): string {
  const state = { recording: 'being spoken now', complete: '', 'cut-off': 'cut off' }
  return table(['N', '', 'FROM', 'WHEN', 'LENGTH', ''], entries.map(entry => [
    String(entry.n), entry.played ? '' : 'new', entry.fromName + (entry.known ? '' : ' (not in your contacts)'), moment(entry.at), clockTime(entry.durationMs), state[entry.state]
  ]))
}

/** Fetches what is new before a command that names a message; what is on the device already needs no proxy. */
export async function findEntry (parley: Parley, n: number, signal: AbortSignal): Promise<InboxEntry> {
  try {
    return await parley.entry(n)
  } catch (error) {
    if ((error as Error).name !== 'UnknownMessageError') throw error
    await parley.sync({ signal })
    return await parley.entry(n)
  }
}
