import type { DeliveryPolicy } from './target-machine.ts'

/** How deliveries are spaced, unless said otherwise. */
export const DELIVERY_POLICY: DeliveryPolicy = {
  firstPauseMs: 1000,
  maxPauseMs: 5 * 60_000,
  appearPauseMs: 1000,
  freshPauseMs: 10_000,
  maxRefusals: 6,
  giveUpMs: 30 * 24 * 60 * 60_000
}

/** Errors that are kept of a target; the oldest go first. */
export const MAX_ERRORS = 8
export const MAX_DETAIL_CHARS = 200
/** Targets of a conversation that are kept; more are not brought anything by us. */
export const MAX_TARGETS = 1024
/** Attempts at a time: all together, and to one peer. */
export const MAX_ATTEMPTS = 16
export const MAX_ATTEMPTS_PER_PEER = 4
/** Actions come in batches; one attempt serves all of a batch. */
export const SETTLE_MS = 20
/** What was learned of targets waits so long for more before it is written. */
export const SAVE_MS = 500
