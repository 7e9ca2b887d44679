import type { Clock } from './clock.ts'
import { InvalidArgumentError } from './errors.ts'

/**
 * A hybrid logical time (Kulkarni et al. 2014): wall milliseconds, a counter
 * that orders what happens within one of them or while the wall clock stands
 * behind what was heard, and the UTC offset of whoever wrote it in minutes.
 */
export interface HybridTime {
  wallMs: number
  counter: number
  offsetMinutes: number
}

/** Times of others may be this far ahead of our clock before they are refused. */
export const MAX_AHEAD_MS = 60_000

/** The counter carries into the milliseconds past this, so that a heard one cannot wedge ours. */
const MAX_COUNTER = 0xffff_ffff

/** Orders two times; 0 when they are equal. The UTC offset does not count. */
export function compareTimes (a: HybridTime, b: HybridTime): number {
  return a.wallMs - b.wallMs || a.counter - b.counter
}

/** Issues times that grow with everything issued or heard before. */
export interface HybridClock {
  /** Returns a time later than all that were issued or heard. */
  next(): HybridTime
  /** Takes a time of somebody else into account; returns false, and ignores it, when it is more than a minute ahead of us or no pair of whole numbers. */
  hear(time: HybridTime): boolean
}

/** Creates a hybrid clock over `clock`; `last` is the newest time known from before a restart. */
export function createHybridClock (components: { clock: Clock }, { last, offsetMinutes = () => 0 }: { last?: HybridTime, offsetMinutes?: () => number } = {}): HybridClock {
  let wallMs = last?.wallMs ?? 0
  let counter = last?.counter ?? 0
  return {
    next () {
      const now = Math.floor(components.clock.now())
      if (now > wallMs) {
        wallMs = now
        counter = 0
      } else if (counter >= MAX_COUNTER) {
        wallMs++
        counter = 0
      } else {
        counter++
      }
      return { wallMs, counter, offsetMinutes: checkedOffset(offsetMinutes()) }
    },
    hear (time) {
      if (!isCount(time.wallMs) || !isCount(time.counter)) return false
      if (time.wallMs > components.clock.now() + MAX_AHEAD_MS) return false
      if (time.wallMs > wallMs || (time.wallMs === wallMs && time.counter > counter)) {
        wallMs = time.wallMs
        counter = time.counter
      }
      return true
    }
  }
}

function isCount (value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function checkedOffset (minutes: number): number {
  if (Number.isInteger(minutes) && Math.abs(minutes) <= 18 * 60) return minutes
  throw new InvalidArgumentError(`A UTC offset is a whole number of minutes within 18 hours, not ${minutes}`)
}
