import { equals } from 'uint8arrays'

/** One-time keys that a proxy should have of a device, and below how many it is given more. */
export const FULL_STOCK = 100
export const LOW_STOCK = 30
const DAY_MS = 24 * 3600 * 1000
/** The last-resort key is another one after this. */
export const LAST_RESORT_RENEWAL_MS = 7 * DAY_MS
/** How long others may seal to keys. */
export const LAST_RESORT_LIFETIME_MS = 28 * DAY_MS
export const ONE_TIME_LIFETIME_MS = 84 * DAY_MS
/** How long after its time a secret is kept, for what is still on its way. */
export const SECRET_GRACE_MS = 28 * DAY_MS

/** What a device keeps of the batches it made. */
export interface BatchState {
  series: Uint8Array
  /** Of the newest batch. */
  number: number
  lastResort: { id: Uint8Array, issued: number }
}

/** What a proxy says it holds of a device; no series when it never had a batch. */
export interface HeldPreKeys {
  series: Uint8Array | null
  number: number
  left: number
  lastResort: Uint8Array | null
}

/** What a device does about what a proxy holds. */
export type BatchDecision =
  | { type: 'nothing' }
  /** The newest batch for this proxy, of which it did not say that it has it. */
  | { type: 'resend' }
  /** Begins a series when `isNewSeries`, renews the last-resort key when `isRenewed`. */
  | { type: 'make', count: number, isNewSeries: boolean, isRenewed: boolean }

/**
 * Decides what a proxy lacks. A device that has no state, or less than the
 * proxy saw of it, lost its secrets or was set back, and begins a new series:
 * the proxy then drops the keys that nobody can open any more.
 */
export function decideBatch (state: BatchState | undefined, pending: number | undefined, held: HeldPreKeys, now: number): BatchDecision {
  const isOurs = state !== undefined && held.series !== null && equals(held.series, state.series)
  if (state === undefined || (isOurs && held.number > state.number)) return { type: 'make', count: FULL_STOCK, isNewSeries: true, isRenewed: true }
  if (pending !== undefined && (!isOurs || held.number < pending)) return { type: 'resend' }
  const isRenewed = now >= state.lastResort.issued + LAST_RESORT_RENEWAL_MS
  if (!isOurs) return { type: 'make', count: FULL_STOCK, isNewSeries: false, isRenewed }
  const isOutdated = held.lastResort === null || !equals(held.lastResort, state.lastResort.id)
  if (held.left >= LOW_STOCK && !isRenewed && !isOutdated) return { type: 'nothing' }
  return { type: 'make', count: held.left < LOW_STOCK ? FULL_STOCK - held.left : 0, isNewSeries: false, isRenewed }
}
