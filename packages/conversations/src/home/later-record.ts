import { compare } from 'uint8arrays'

/** When a record was written, and by which action. */
export interface RecordStamp {
  wallMs: number
  counter: number
  /** The hash of the action's CID. */
  action: Uint8Array
}

/** Tells whether `a` was written later than `b`: by wall, then counter, then hash. Of two records of one name the later counts, whichever came first. */
export function isLater (a: RecordStamp, b: RecordStamp): boolean {
  return (a.wallMs - b.wallMs || a.counter - b.counter || compare(a.action, b.action)) > 0
}
