/** How much a peer may still do. */
export interface Allowance {
  /** Takes `cost`; false when there is not so much left. */
  take(cost?: number): boolean
}

/** A full allowance of `burst`, which grows back by `perSecond` (a token bucket). */
export function createAllowance ({ clock }: { clock: { monotonicNow(): number } }, { burst, perSecond }: { burst: number, perSecond: number }): Allowance {
  let left = burst
  let at = clock.monotonicNow()
  return {
    take (cost = 1) {
      const now = clock.monotonicNow()
      left = Math.min(burst, left + (now - at) / 1000 * perSecond)
      at = now
      if (left < cost) return false
      left -= cost
      return true
    }
  }
}
