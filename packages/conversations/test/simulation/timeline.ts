import type { CancelTimer, Clock } from '@parley/core'

/** The one time of a simulated world. What happens at one moment is done before time goes on. */
export interface Timeline {
  /** Milliseconds since the world began. */
  now(): number
  after(delayMs: number, run: () => void): CancelTimer
  /** Resolves after so much virtual time. */
  delay(delayMs: number): Promise<void>
  /** A clock of a machine that is wrong by so much. */
  clock(skewMs: () => number): Clock
  /** Lets so much time pass, and everything happen that is due in it. */
  pass(durationMs: number): Promise<void>
  /** Lets time pass until `work` is done. */
  until<T>(work: Promise<T>): Promise<T>
}

export const START_MS = 1_700_000_000_000

/** Ten milliseconds each: nothing here takes longer than a quarter of an hour. */
const MAX_TURNS = 100_000

interface Due { at: number, order: number, run: () => void }

export function createTimeline (): Timeline {
  let now = 0
  let order = 0
  const heap = new Set<Due>()
  const after = (delayMs: number, run: () => void): CancelTimer => {
    const due = { at: now + Math.max(0, delayMs), order: order++, run }
    heap.add(due)
    return () => { heap.delete(due) }
  }
  const nextUntil = (untilMs: number): Due | undefined => {
    let next: Due | undefined
    for (const due of heap) {
      if (due.at <= untilMs && (next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order))) next = due
    }
    return next
  }
  const pass = async (durationMs: number): Promise<void> => {
    const untilMs = now + durationMs
    await settle()
    for (let due = nextUntil(untilMs); due !== undefined; due = nextUntil(untilMs)) {
      heap.delete(due)
      now = Math.max(now, due.at)
      due.run()
      await settle()
    }
    now = untilMs
  }
  return {
    now: () => now,
    after,
    delay: async delayMs => { await new Promise<void>(resolve => { after(delayMs, resolve) }) },
    clock: skewMs => ({ now: () => START_MS + now + skewMs(), monotonicNow: () => now, setTimer: (callback, delayMs) => after(delayMs, callback) }),
    pass,
    async until (work) {
      let isDone = false
      void Promise.allSettled([work]).then(() => { isDone = true })
      await settle()
      for (let turn = 0; !isDone && turn < MAX_TURNS; turn++) await pass(10)
      return isDone ? await work : await Promise.reject(new RangeError('this never ends'))
    }
  }
}

/** Resolves when nothing goes on by itself: all that does here are promises. */
async function settle (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}
