import type { CID, Logger } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import type { AccessWatch } from './access-watch.ts'
import type { Conversations, FrontierEntry, LogView, StoredAction } from '../types.ts'
import { MAX_BATCH_BLOCKS, MAX_BATCH_BYTES, MAX_LIVE_QUEUE_BYTES } from './limits.ts'

export interface Outgoing {
  /**
   * Returns the next blocks for the peer, at most one batch of them; undefined
   * once, when everything beyond the peer's frontier was returned. After that
   * it waits for new actions.
   */
  next(): Promise<Uint8Array[] | undefined>
  /** Returns what the peer has once it took all that `next` returned; undefined while the log is being read. */
  given(): FrontierEntry[] | undefined
  stop(): void
}

export interface OutgoingInit {
  conversation: CID
  peer: string
  /** What the peer has. */
  frontier: FrontierEntry[]
  live: boolean
  /** Returns for whom the peer stands. */
  persons: () => Promise<Did[]>
  /** Watches since before it was first asked what the peer may have: somebody may be put out between the hellos, too. */
  accessWatch: AccessWatch
  /** Returns what of the log the peer may have now; `again` when that may be less than before. A rejection ends the sync. */
  view: (again: boolean) => Promise<LogView | undefined>
  /** As `view`, before live actions by these authors are handed out. */
  beforeLive: (authors: Set<Did>) => Promise<LogView | undefined>
  signal: AbortSignal
}

/** Creates the source of what a peer lacks: first from the log, then, in a live sync, actions as they are stored. */
export function createOutgoing (components: { conversations: Conversations, logger: Logger }, init: OutgoingInit): Outgoing {
  const { conversations, logger } = components
  const { accessWatch } = init
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
  let isFrozen = false

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
  const off = conversations.on('action', ({ conversation, action, from }) => {
    if (!init.live || !conversation.equals(init.conversation)) return
    if (from === init.peer) newest.set(action.author, action)
    else enqueue(action)
  }, { signal: init.signal })

  const noted = (view: LogView | undefined): LogView | undefined => {
    // What was held back while the peer was out is read from the log.
    overflowed ||= isFrozen && view === undefined
    isFrozen = view !== undefined
    return view
  }
  const viewNow = async (): Promise<LogView | undefined> => {
    const again = accessWatch.hasChanged
    accessWatch.settle()
    return noted(await init.view(again))
  }
  /** Returns what of blocks the peer may have at the moment at which they leave: nothing of what came after it was put out. */
  const shown = async (blocks: Uint8Array[]): Promise<Uint8Array[]> => {
    let left = blocks
    while (accessWatch.hasChanged || isFrozen) {
      const view = await viewNow()
      left = view === undefined ? left : await holder.within(view, left)
      if (!accessWatch.hasChanged) break
    }
    return left
  }

  const readLog = async (): Promise<Uint8Array[] | undefined> => {
    if (pages === undefined) {
      const from = advance(base, newest)
      newest.clear()
      const view = await viewNow()
      base = await holder.frontier(view)
      const admitting = from.length === 0 ? await init.persons() : []
      pages = holder.since(from, { maxBytes: MAX_BATCH_BYTES, view, admitting, signal: init.signal })
    }
    for (let page = await pages.next(); page.done !== true; page = await pages.next()) {
      const blocks = await shown(page.value)
      if (blocks.length < page.value.length) base = await holder.frontier(await viewNow())
      if (blocks.length > 0) return blocks
    }
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
          noted(await init.beforeLive(new Set(taken.map(action => action.author))))
          const blocks = new Set(await shown(taken.map(action => action.bytes)))
          // They come with what was held back before them.
          if (overflowed) continue
          for (const action of taken) if (blocks.has(action.bytes)) newest.set(action.author, action)
          if (blocks.size > 0) return [...blocks]
          continue
        }
        await new Promise<void>(resolve => { wake = resolve })
        wake = undefined
      }
    },
    given: () => pages === undefined ? advance(base, newest) : undefined,
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
