import { sleep, type Clock } from '@parley/core'

/** The log comes over a stream of its own; what it announces may be a moment behind. */
const LOG_WAIT_MS = 2000

/** Resolves with true once something holds, and with false when it does not within two seconds. */
export async function waitFor (holds: () => Promise<boolean>, clock: Clock): Promise<boolean> {
  const untilMs = clock.monotonicNow() + LOG_WAIT_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(100, pauseMs * 2)) {
    if (await holds()) return true
    if (clock.monotonicNow() >= untilMs) return false
    await sleep(pauseMs, clock)
  }
}
