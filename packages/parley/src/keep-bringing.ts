import type { CancelTimer, Clock, Logger } from '@parley/core'
import type { Courier } from './courier.ts'

/** How often what could not be brought is tried again while a device stays on line. */
const EVERY_MS = 30_000

/** Tries again and again the recordings that could not be brought to others before, until stopped. */
export function keepBringing ({ courier, clock, logger }: { courier: Courier, clock: Clock, logger: Logger }): { stop(): void } {
  const stopping = new AbortController()
  let cancel: CancelTimer | undefined
  const later = (): void => {
    if (stopping.signal.aborted) return
    cancel = clock.setTimer(() => {
      void courier.bringVoices({ signal: stopping.signal })
        .catch((error: unknown) => { if (!stopping.signal.aborted) logger.warn('what waits could not be brought', { error }) })
        .finally(later)
    }, EVERY_MS)
  }
  later()
  return {
    stop () {
      stopping.abort()
      cancel?.()
    }
  }
}
