import { type Change, type Clock, type Logger, type StorageUnavailableError, type Store, sleep } from '@parley/core'

/** What a writer tells. */
export interface JournalTrouble {
  paused(trouble: { reason: 'full' | 'missing' | 'failed', detail: string }): void
  resumed(): void
}

/**
 * Commits durably, and waits for room when there is none: what was said stays
 * in memory until it is on the disk, and whoever adds more waits meanwhile.
 */
export async function commitPatiently (components: { store: Store, clock: Clock, logger: Logger }, changes: Change[], trouble: JournalTrouble, { retryMs, signal }: { retryMs: number, signal: AbortSignal | undefined }): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      await components.store.commit(changes, { durable: true, signal })
      if (failures > 0) trouble.resumed()
      return
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'StorageUnavailableError') throw error
      const { reason, message: detail } = error as StorageUnavailableError
      components.logger.warn('the journal of a recording cannot be written', { reason })
      if (failures === 0) trouble.paused({ reason, detail })
    }
    await sleep(retryMs, components.clock, { signal })
  }
}
