import type { CancelTimer, Clock } from '@parley/core'

/** Every span of time that the call machines go by, in milliseconds. */
export interface CallTimers {
  /** How long an offer rings. */
  offerLifetimeMs: number
  /** After this time without a word from anybody the callee is told to be unreachable. */
  reachTimeoutMs: number
  /** How often the caller says, once the call was accepted, that it is still there. */
  aliveIntervalMs: number
  /** After this time without a word the other end is gone. */
  aliveTimeoutMs: number
}

/** The defaults. The last is above the 30 s for which a recording waits for its speaker to come back, so that signalling never gives up first. */
export const DEFAULT_TIMERS: CallTimers = {
  offerLifetimeMs: 60_000,
  reachTimeoutMs: 5_000,
  aliveIntervalMs: 5_000,
  aliveTimeoutMs: 40_000
}

/**
 * Calls `callback` once monotonic time is not before `at`. Whole milliseconds,
 * rounded up: a timer that fires a rounding error too early would be set again
 * and again without time moving on.
 */
export function setTimerAt (clock: Clock, at: number, callback: () => void): CancelTimer {
  return clock.setTimer(callback, Math.max(0, Math.ceil(at - clock.monotonicNow())))
}
