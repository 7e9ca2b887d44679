/** The times of the protocol, in milliseconds; the same at every end. */
export interface PresenceTimers {
  /** How often each end that has to shows that it is still there. */
  beatMs: number
  /** Who was not heard of for so long is gone. */
  deadMs: number
  /** The least time between two statements of one device; the newest state wins. */
  statementGapMs: number
  /** The first and the longest pause before a board is dialled again. */
  minBackoffMs: number
  maxBackoffMs: number
}

/**
 * The defaults. `deadMs` leaves half a minute on top of the worst case in which
 * all goes well: a device's beat waits up to one beat at a board, and the next
 * one comes a beat later.
 */
export const PRESENCE_TIMERS: PresenceTimers = {
  beatMs: 60_000,
  deadMs: 150_000,
  statementGapMs: 250,
  minBackoffMs: 1_000,
  maxBackoffMs: 60_000
}

/** How long opening a stream, or the other end's hello, may take. */
export const PRESENCE_OPEN_MS = 10_000

/** A clock that differs by more than this is told of. */
export const CLOCK_SKEW_MS = 120_000
