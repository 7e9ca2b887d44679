import * as dagCbor from '@ipld/dag-cbor'
import type { Logger } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { decodeBasics, isHome, looksLikeBasics } from '../format/basics.ts'
import type { LogHolder, MergeOutcome } from '../types.ts'
import { ProtocolViolationError } from './errors.ts'
import type { BatchFrame } from './frames.ts'
import { MAX_FORGED, MAX_TOLD_FIRST_BYTES, SYNC_PROTOCOL, WINDOW_BATCHES } from './limits.ts'

/** What became of the batches before `through`. */
export interface Judged {
  through: number
  /** Actions that are new here. */
  fresh: number
  refused: number
}

export interface Incoming {
  /** Takes a batch; it is merged with whatever else waits by then. */
  add(batch: BatchFrame): void
  /** Resolves when the merge under way, if any, is judged: what it told of is then counted and acknowledged. */
  judged(): Promise<void>
}

/** Refusals that no honest peer causes: whoever holds a block has made these checks. */
const HOSTILE = new Set(['InvalidBytesError', 'OversizedBytesError', 'OutOfSequenceError'])

/** Half of what may be under way: the peer sends on while we merge, as the other half is acknowledged. */
const MERGED_AT_ONCE = WINDOW_BATCHES / 2

/**
 * Creates the worker that merges a peer's batches in their order: those that
 * wait at a time in one merge, since that costs one signature an author and
 * one flush of the disk.
 */
export function createIncoming (components: { holder: LogHolder, logger: Logger }, init: {
  peer: string
  /** Whether the peer gives us what is new at this moment. */
  live: boolean
  signal: AbortSignal
  /** Settles when blocks may be merged; gets those that come next. */
  ready: (blocks: Uint8Array[]) => Promise<void>
  onJudged: (judged: Judged) => void
  onFailed: (error: Error) => void
}): Incoming {
  const { holder, logger } = components
  const waiting: BatchFrame[] = []
  let busy = false
  let round: Promise<void> | undefined
  let forged = 0

  const judge = ({ outcomes, stored, refused }: MergeOutcome, through: number): void => {
    for (const outcome of outcomes) {
      if (outcome.ok || outcome.held) continue
      logger.debug('a block was refused', { peer: init.peer, conversation: holder.id.toString(), cid: outcome.cid.toString(), error: outcome.error.name })
      if (outcome.error.name === 'ForgedActionError') forged++
      if (HOSTILE.has(outcome.error.name) || forged > MAX_FORGED) {
        throw new ProtocolViolationError(SYNC_PROTOCOL, `it sent a block that cannot be of this log: ${outcome.error.message}`, { cause: outcome.error })
      }
    }
    init.onJudged({ through, fresh: stored.length, refused })
  }
  const mergeWaiting = async (): Promise<void> => {
    const batches = waiting.splice(0, MERGED_AT_ONCE)
    const blocks = batches.flatMap(batch => batch.blocks)
    await init.ready(blocks)
    // Seen before it is flushed, acknowledged after.
    const tellFirst = init.live && blocks.reduce((sum, block) => sum + block.byteLength, 0) <= MAX_TOLD_FIRST_BYTES
    const outcome = await holder.merge(blocks, { from: init.peer, durable: true, tellFirst })
    judge(outcome, (batches.at(-1)?.n ?? 0) + 1)
  }
  const work = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0 && !init.signal.aborted) {
      round = mergeWaiting()
      await round
      round = undefined
    }
    busy = false
  }
  return {
    add (batch) {
      waiting.push(batch)
      if (!busy) work().catch((error: unknown) => { init.onFailed(error as Error) })
    },
    // A failure is told by `onFailed`.
    async judged () { await round?.catch(() => {}) }
  }
}

/**
 * Reads from the unchecked blocks of a conversation that is not here yet whom
 * they would let see it. Enough to turn strangers away before anything is
 * stored; what the checked log says counts afterwards.
 */
export function claimedAccess (blocks: Uint8Array[]): Did[] {
  const owner = blocks.map(homeOwner).find(did => did !== undefined)
  // Whatever else is said, a home log is its owner's alone.
  if (owner !== undefined) return [owner]
  const access = new Set<Did>()
  for (const block of blocks) {
    for (const person of addedBy(block)) access.add(person)
  }
  return [...access]
}

function homeOwner (block: Uint8Array): Did | undefined {
  if (!looksLikeBasics(block)) return undefined
  try {
    const basics = decodeBasics(block)
    return isHome(basics) ? didFromPublicKey(basics.creator) : undefined
  } catch {
    // What is damaged is told by merge.
    return undefined
  }
}

function addedBy (block: Uint8Array): Did[] {
  try {
    const decoded = dagCbor.decode<[{ access?: { add?: Array<{ person: Uint8Array }> } }] | { creator: Uint8Array }>(block)
    // The basics block is no list; its creator may hold the log from the beginning.
    const keys = Array.isArray(decoded) ? (decoded[0].access?.add ?? []).map(({ person }) => person) : [decoded.creator]
    return keys.slice(0, 1024).map(key => didFromPublicKey(key))
  } catch {
    // What is damaged is told by merge.
    return []
  }
}
