/** How often something was tried in vain, and from when on it is tried again by itself. */
export interface RetryPlan {
  readonly attempts: number
  /** Monotonic milliseconds. */
  readonly notBefore: number
}

const FIRST_MS = 1000
const LAST_MS = 3_600_000

/** Plans the next try after a failure: a second later, doubling to an hour. */
export function planRetry (before: RetryPlan | undefined, nowMs: number): RetryPlan {
  const attempts = (before?.attempts ?? 0) + 1
  return { attempts, notBefore: nowMs + Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20)) }
}
