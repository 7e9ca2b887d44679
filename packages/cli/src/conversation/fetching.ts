import type { Parley } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'

export const fetchOption: NonNullable<CommandDefinition['options']>[number] = { flags: '--fetch', description: 'ask your proxies for what is new first' }

/** Fetches what is new, where that was asked for, and says who could not be reached. */
export async function fetchIfAsked ({ io, output }: CommandContext, parley: Parley, { fetch }: Record<string, unknown>): Promise<Array<{ who: string, reason: string }>> {
  if (fetch !== true) return []
  const { unreachable } = await parley.sync({ signal: io.signal })
  for (const { who, reason } of unreachable) output.say(`${who} could not be reached: ${reason}`)
  return unreachable
}
