import type { AbortOptions, CID, Emitter } from '@parley/core'
import type { ConversationsEvents, ConversationState } from '../types.ts'

/** Yields the state now, and again whenever it may be another; a slow reader gets the newest, not each of them. */
export async function * watchState ({ id, events, ended, state }: {
  id: CID
  events: Emitter<ConversationsEvents>
  /** Aborts when there will be no more. */
  ended: AbortSignal
  state(options: AbortOptions): Promise<ConversationState>
}, { signal }: AbortOptions = {}): AsyncGenerator<ConversationState> {
  const stop = new AbortController()
  let isStale = true
  let wake = (): void => {}
  const changed = ({ conversation }: { conversation: CID }): void => {
    if (!conversation.equals(id)) return
    isStale = true
    wake()
  }
  const woken = (): void => { wake() }
  events.on('action', changed, { signal: stop.signal })
  events.on('unlocked', changed, { signal: stop.signal })
  events.on('guests', changed, { signal: stop.signal })
  signal?.addEventListener('abort', woken, { signal: stop.signal })
  ended.addEventListener('abort', woken, { signal: stop.signal })
  try {
    while (!ended.aborted) {
      signal?.throwIfAborted()
      if (isStale) {
        isStale = false
        yield await state({ signal })
      } else {
        await new Promise<void>(resolve => { wake = resolve })
      }
    }
  } finally {
    stop.abort()
  }
}
