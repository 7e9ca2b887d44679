import { sleep, type AbortOptions, type Clock, type Emitter } from '@parley/core'
import type { SyncEvents } from '../sync/index.ts'

/** Something that waits while others are at work. */
export interface Yielding {
  /** Resolves when nothing was synchronised for a moment, or after the longest wait: files must come through in the end. */
  ready(options?: AbortOptions): Promise<void>
  /** Forgets the sync. */
  stop(): void
}

/** Creates what lets words go before files: pass `ready` to `createFiles`. */
export function createYielding ({ sync, clock }: { sync: Pick<Emitter<SyncEvents>, 'on'>, clock: Clock }, { quietMs = 100, longestMs = 2_000 }: {
  /** How long no batch may have gone or come. @default 100 */
  quietMs?: number
  /** @default 2000 */
  longestMs?: number
} = {}): Yielding {
  let lastAt = -Infinity
  const off = sync.on('progress', () => { lastAt = clock.monotonicNow() })
  return {
    async ready ({ signal } = {}) {
      const begun = clock.monotonicNow()
      for (;;) {
        const now = clock.monotonicNow()
        const waitMs = Math.min(lastAt + quietMs, begun + longestMs) - now
        if (waitMs <= 0) return
        await sleep(waitMs, clock, { signal })
      }
    },
    stop () { off() }
  }
}
