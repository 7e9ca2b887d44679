import type { Clock } from '@parley/core'
import type { Did } from '@parley/identity'

/** How many one-time keys of one person somebody may take in a day (UTC). */
export interface TakeLimit {
  /** Counts and returns how many of `wanted` are granted. */
  grant(asker: Did, person: Did, wanted: number): number
}

const DAY_MS = 24 * 3600 * 1000
/** Askers that are counted in a day; who comes later is granted nothing, so that names that cost nothing fill no memory. */
const MAX_COUNTED = 20_000

/** Counts in memory: the day begins anew with the process. */
export function createTakeLimit ({ clock }: { clock: Clock }, { perDay }: { perDay: number }): TakeLimit {
  let today = -1
  const counts = new Map<string, number>()
  return {
    grant (asker, person, wanted) {
      const day = Math.floor(clock.now() / DAY_MS)
      if (day !== today) counts.clear()
      today = day
      const name = `${asker} ${person}`
      const before = counts.get(name) ?? 0
      if (before === 0 && counts.size >= MAX_COUNTED) return 0
      const granted = Math.min(wanted, perDay - before)
      if (granted > 0) counts.set(name, before + granted)
      return granted
    }
  }
}
