import type { Reachability } from '@parley/signalling'
import { moment, table } from './output.ts'

const REACH_WORDS = { live: 'there now', 'ringing-possible': 'would ring', busy: 'busy', 'proxy-only': 'away', unreachable: 'cannot be reached' } as const

/** Somebody and what is known of their presence. */
export interface Presence { did: string, name: string, reachability: Reachability }

/** One person's presence as `--json` tells it. */
export function jsonPresence ({ did, name, reachability: { reach, devices, since, from } }: Presence): Record<string, unknown> {
  return { did, name, reach, since: new Date(since).toISOString(), devices, from }
}

/** One person's presence in a line. */
export function presenceLine (presence: Presence): string {
  return `${presence.name}: ${[REACH_WORDS[presence.reachability.reach], said(presence)].filter(Boolean).join('. ')}`
}

/** Everybody's presence, a line each. */
export function presenceTable (all: Presence[]): string {
  return table(['NAME', 'IS', 'SINCE', 'ON', 'SAYS'], all.map(presence => {
    const { reach, since, devices } = presence.reachability
    return [presence.name, REACH_WORDS[reach], reach === 'unreachable' ? '' : moment(since), [...new Set(devices.map(({ platform }) => platform))].join(', '), said(presence)]
  }))
}

function said ({ reachability: { devices } }: Presence): string {
  const words = devices.flatMap(({ declared, doNotDisturb }) => [...(doNotDisturb ? ['do not disturb'] : []), ...(declared === undefined ? [] : [declared])])
  return [...new Set(words)].join('; ')
}
