import type { CID, Logger } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import type { Conversations, FrontierEntry, StoredAction } from '../types.ts'
import { MAX_BATCH_BLOCKS, MAX_BATCH_BYTES, MAX_LIVE_QUEUE_BYTES } from './limits.ts'

export interface Outgoing {
  /**
   * Returns the next blocks for the peer, at most one batch of them; undefined
   * once, when everything beyond the peer's frontier was returned. After that
   * it waits for new actions.
   */
  next(): Promise<Uint8Array[] | undefined>
  stop(): void
}

export interface OutgoingInit {
  conversation: CID
  peer: string
  /** What the peer has. */
  frontier: FrontierEntry[]
  live: boolean
  /** Asked before live actions by these authors are handed out; a rejection ends the sync. */
  beforeLive: (authors: Set<Did>) => Promise<void>
  signal: AbortSignal
}

/** Creates the source of what a peer lacks: first from the log, then, in a live sync, actions as they are stored. */
export function createOutgoing (components: { conversations: Conversations, logger: Logger }, init: OutgoingInit): Outgoing {
  const { conversations, logger } = components
  const holder = conversations.holder(init.conversation)
  let queue: StoredAction[] = []
  let queuedBytes = 0
  let overflowed = false
  let wake: (() => void) | undefined
  // Where to read the log again from, should the queue overflow: what the peer
  // had, and what it got or gave since.
  let base = init.frontier
  const newest = new Map<Did, StoredAction>()
  let pages: AsyncGenerator<Uint8Array[]> | undefined
  let caughtUp = false

  const enqueue = (action: StoredAction): void => {
    queuedBytes += action.bytes.byteLength
    if (overflowed || queuedBytes > MAX_LIVE_QUEUE_BYTES) {
      queue = []
      overflowed = true
    } else {
      queue.push(action)
    }
    wake?.()
  }
  // Heard from before the log is read, so that nothing falls between the two.
  const off = !init.live
    ? () => {}
    : conversations.on('action', ({ conversation, action, from }) => {
      if (!conversation.equals(init.conversation)) return
      if (from === init.peer) newest.set(action.author, action)
      else enqueue(action)
    }, { signal: init.signal })

  const readLog = async (): Promise<Uint8Array[] | undefined> => {
    if (pages === undefined) {
      const from = advance(base, newest)
      newest.clear()
      base = await holder.frontier()
      pages = holder.since(from, { maxBytes: MAX_BATCH_BYTES, signal: init.signal })
    }
    const page = await pages.next()
    if (page.done !== true) return page.value
    pages = undefined
    return undefined
  }
  const takeQueued = (): StoredAction[] => {
    let count = 0
    let sizeBytes = 0
    for (const { bytes } of queue) {
      sizeBytes += bytes.byteLength
      if (sizeBytes > MAX_BATCH_BYTES || count === MAX_BATCH_BLOCKS) break
      count++
    }
    const taken = queue.splice(0, count)
    queuedBytes -= taken.reduce((sum, action) => sum + action.bytes.byteLength, 0)
    return taken
  }
  return {
    async next () {
      for (;;) {
        if (!caughtUp || pages !== undefined) {
          const page = await readLog()
          if (page !== undefined) return page
          if (!caughtUp) {
            caughtUp = true
            return undefined
          }
        }
        if (overflowed) {
          logger.debug('a peer is slower than a conversation; reading the log again', { peer: init.peer })
          overflowed = false
          queuedBytes = 0
          const page = await readLog()
          if (page !== undefined) return page
        }
        if (queue.length > 0) {
          const taken = takeQueued()
          await init.beforeLive(new Set(taken.map(action => action.author)))
          for (const action of taken) newest.set(action.author, action)
          return taken.map(action => action.bytes)
        }
        await new Promise<void>(resolve => { wake = resolve })
        wake = undefined
      }
    },
    stop () {
      off()
      void pages?.return(undefined)
    }
  }
}

function advance (base: FrontierEntry[], newest: Map<Did, StoredAction>): FrontierEntry[] {
  const before = base.filter(entry => !newest.has(didFromPublicKey(entry.author)))
  return [...before, ...[...newest].map(([author, { seq, cid }]) => ({ author: publicKeyFromDid(author), seq, cid }))]
}
