/** Cancels a timer; harmless when the timer already ran. */
export type CancelTimer = () => void

/** The only source of time: a test gives a virtual one and never sleeps. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z; may jump when the clock is set. */
  now(): number
  /** Milliseconds from any fixed point; never goes back. */
  monotonicNow(): number
  /** Calls `callback` once, `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): CancelTimer
}

/** The clock of the machine. Its timers do not keep a Node process alive by themselves when `unref` is set. */
export function createSystemClock ({ unref = false }: { unref?: boolean } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    setTimer (callback, delayMs) {
      const timer = setTimeout(callback, delayMs)
      if (unref && typeof timer === 'object') timer.unref()
      return () => { clearTimeout(timer) }
    }
  }
}

/** A clock that moves only when told. */
export interface VirtualClock extends Clock {
  /** Runs every timer due within `durationMs`, in order, letting promises settle between them. */
  advance(durationMs: number): Promise<void>
  /** Sets the wall clock without moving timers, as an operator would. */
  setWall(nowMs: number): void
}

/** Creates a clock for tests that starts at `startMs`. */
export function createVirtualClock (startMs = 1_700_000_000_000): VirtualClock {
  let monotonic = 0
  let wallOffset = startMs
  let order = 0
  const timers = new Map<number, { dueMs: number, callback: () => void }>()
  const nextDue = (untilMs: number): number | undefined => {
    let best: number | undefined
    for (const [id, timer] of timers) {
      if (timer.dueMs > untilMs) continue
      const least = best === undefined ? undefined : timers.get(best)
      if (least === undefined || timer.dueMs < least.dueMs) best = id
    }
    return best
  }
  return {
    now: () => monotonic + wallOffset,
    monotonicNow: () => monotonic,
    setTimer (callback, delayMs) {
      const id = order++
      timers.set(id, { dueMs: monotonic + Math.max(0, delayMs), callback })
      return () => { timers.delete(id) }
    },
    async advance (durationMs) {
      const untilMs = monotonic + durationMs
      await settle()
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id)
        timers.delete(id)
        if (timer === undefined) continue
        monotonic = Math.max(monotonic, timer.dueMs)
        timer.callback()
        await settle()
      }
      monotonic = untilMs
    },
    setWall (nowMs) { wallOffset = nowMs - monotonic }
  }
}

/** Lets every promise that can settle by itself do so before time moves on. */
async function settle (): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise(resolve => { setImmediateOrTimeout(resolve) })
}

function setImmediateOrTimeout (callback: (value: unknown) => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback, undefined)
  else setTimeout(callback, 0)
}
