import { GIVE_UP_MS, LATE_MS } from './limits.ts'

interface Reservation { sizeBytes: number, from: string | undefined, since: number }

/**
 * Numbers that were given out and whose items are not known to be committed.
 *
 * Whoever announces something commits the item together with it, in a batch
 * of their own. Items may so appear out of their order; a later one is handed
 * out only when no earlier one can appear any more, or a device would step
 * over it.
 */
export interface Reservations {
  readonly count: number
  readonly sizeBytes: number
  /** How many are of one sender. */
  countOf(from: string): number
  add(seq: number, reservation: Reservation): void
  delete(seq: number): void
  /** The numbers still looked for; gives up on those of long ago. */
  open(now: number): number[]
  /** Items from this number on must wait; Infinity when none must. */
  barrier(now: number): number
}

export function createReservations (): Reservations {
  const open = new Map<number, Reservation>()
  return {
    get count () { return open.size },
    get sizeBytes () { return [...open.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) },
    countOf: from => [...open.values()].filter(reservation => reservation.from === from).length,
    add (seq, reservation) { open.set(seq, reservation) },
    delete (seq) { open.delete(seq) },
    open (now) {
      for (const [seq, { since }] of open) {
        if (now - since > GIVE_UP_MS) open.delete(seq)
      }
      return [...open.keys()]
    },
    barrier (now) {
      let barrier = Infinity
      for (const [seq, { since }] of open) {
        if (now - since <= LATE_MS) barrier = Math.min(barrier, seq)
      }
      return barrier
    }
  }
}
