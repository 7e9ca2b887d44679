import { failure, ok, warning, type Check, type ClockOffset, type Finding } from './finding.ts'

/** Clocks that differ by more are told of; it is what presence tells of as well. */
const APART_MS = 2 * 60 * 1000

/** The clock of this machine against those of the machines that answered. */
export const checkClock: Check = async ({ offsets }) => judgeClock(offsets)

/** Judges clocks by what most of them say. */
export function judgeClock (offsets: ClockOffset[]): Finding[] {
  const sorted = offsets.toSorted((a, b) => a.offsetMs - b.offsetMs)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) return []
  if (Math.abs(middle.offsetMs) > APART_MS) {
    const apart = `${span(middle.offsetMs)} ${middle.offsetMs > 0 ? 'behind' : 'ahead of'}`
    return sorted.length === 1
      ? [warning('clock', `The clock of this machine is ${apart} that of ${middle.who}; one of them is wrong`, 'Look which one, and set it')]
      : [failure('clock', `The clock of this machine is ${apart} those of the others (${sorted.length} were asked)`, 'Set the clock; others refuse what is signed in their future')]
  }
  const others = sorted.filter(({ offsetMs }) => Math.abs(offsetMs) > APART_MS)
  if (others.length > 0) return others.map(({ who, offsetMs }) => warning('clock', `The clock of ${who} is ${span(offsetMs)} ${offsetMs > 0 ? 'ahead of' : 'behind'} this one`, 'Tell them, or set it where it is yours'))
  return [ok('clock', `in step with ${sorted.length === 1 ? middle.who : `the ${sorted.length} others that answered`}`)]
}

function span (ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`
}
