/** A signal may be sent this far from our own clock, either way. */
export const CLOCK_WINDOW_MS = 5 * 60_000

/** Why a signal is too old or too new to be obeyed. */
export type Staleness = 'outside-window' | 'expired'

/**
 * Says whether a signal is in time.
 *
 * `offsetMs` is how far the sender's clock is ahead of ours, where an exchange
 * with it has told; then the expiry is exact. Where it is unknown, `strict`
 * (an offer, which makes something ring) takes both clocks to agree, and
 * anything else, which belongs to a call both sides know, is bounded by the
 * window alone: a wrong clock must not keep a call from ending.
 */
export function staleness (times: { sentAt: number, expiresAt: number }, { now, offsetMs, strict }: { now: number, offsetMs: number | undefined, strict: boolean }): Staleness | undefined {
  if (Math.abs(now - times.sentAt) > CLOCK_WINDOW_MS) return 'outside-window'
  if (offsetMs === undefined && !strict) return undefined
  return now + (offsetMs ?? 0) >= times.expiresAt ? 'expired' : undefined
}

/** Returns for how long an offer may still ring here: never longer than it was to live in all. */
export function remainingMs (times: { sentAt: number, expiresAt: number }, { now, offsetMs }: { now: number, offsetMs: number | undefined }): number {
  return Math.max(0, Math.min(times.expiresAt - (now + (offsetMs ?? 0)), times.expiresAt - times.sentAt))
}

/** Remembers how far clocks of others are ahead of ours. */
export interface PeerClocks {
  /** Takes a reading of a peer's clock that was made no later than now. */
  learn(device: string, theirs: number, ours: number): void
  /** Milliseconds their clock is ahead of ours, or undefined when it was never read. */
  offset(device: string): number | undefined
}

const MAX_CLOCKS = 4096
/** A reading is dropped after this time, since clocks are set and drift. */
const READING_MS = 60 * 60_000

/** Creates the memory of peers' clocks; the oldest reading makes room. */
export function createPeerClocks (components: { clock: { monotonicNow(): number } }): PeerClocks {
  const readings = new Map<string, { offsetMs: number, at: number }>()
  return {
    learn (device, theirs, ours) {
      const at = components.clock.monotonicNow()
      const known = readings.get(device)
      const offsetMs = theirs - ours
      // A delay on the way only makes an offset look smaller, so the largest is the truest.
      if (known !== undefined && at - known.at < READING_MS && known.offsetMs > offsetMs) return
      readings.delete(device)
      readings.set(device, { offsetMs, at })
      if (readings.size > MAX_CLOCKS) readings.delete(readings.keys().next().value as string)
    },
    offset (device) {
      const known = readings.get(device)
      return known === undefined || components.clock.monotonicNow() - known.at >= READING_MS ? undefined : known.offsetMs
    }
  }
}
