import type { Logger } from '@parley/core'

/** Counts what was refused, by the name of its error. */
export interface RefusalLog {
  add(error: Error, from: { path: 'direct' | 'topic', peer: string }): void
  counts(): Record<string, number>
}

/** Logs the first refusals of a name and then fewer and fewer: who floods us must not flood the log. */
export function createRefusalLog ({ logger }: { logger: Logger }): RefusalLog {
  const counts = new Map<string, number>()
  return {
    add (error, { path, peer }) {
      const count = (counts.get(error.name) ?? 0) + 1
      counts.set(error.name, count)
      const isWorthALine = (count & (count - 1)) === 0
      logger[isWorthALine ? 'warn' : 'debug']('a signal was refused', { error: error.name, reason: error.message, path, peer, count })
    },
    counts: () => Object.fromEntries(counts)
  }
}
