/** How much each of many may still do. */
export interface Allowances {
  /** Takes one from what `who` has left; false when there is nothing. */
  take(who: string): boolean
}

/** So many are remembered; whoever comes anew takes the place of who was not there longest, and with it a full allowance. */
const MAX_REMEMBERED = 4096

/** Gives everybody `burst` at first, which grows back by `perSecond` (a token bucket for each). */
export function createAllowances ({ clock }: { clock: { monotonicNow(): number } }, { burst, perSecond }: { burst: number, perSecond: number }): Allowances {
  const left = new Map<string, { left: number, at: number }>()
  return {
    take (who) {
      const now = clock.monotonicNow()
      const known = left.get(who) ?? { left: burst, at: now }
      const grown = Math.min(burst, known.left + (now - known.at) / 1000 * perSecond)
      const granted = grown >= 1
      left.delete(who)
      left.set(who, { left: granted ? grown - 1 : grown, at: now })
      // A map keeps the order of insertion: the first was not there longest.
      if (left.size > MAX_REMEMBERED) left.delete(left.keys().next().value ?? '')
      return granted
    }
  }
}
