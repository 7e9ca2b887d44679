import { cidSchema, countSchema, type CID } from '@parley/core'
import { compare } from 'uint8arrays'
import type * as z from 'zod/mini'

/** A place in the common order of a conversation: that of an action. */
export interface LogPoint {
  action: CID
  /** Of the action's own time. */
  wallMs: number
  counter: number
}

/** The fields of a point in a record. */
export const pointShape: { action: z.ZodMiniType<CID>, wallMs: z.ZodMiniType<number>, counter: z.ZodMiniType<number> } = {
  action: cidSchema,
  wallMs: countSchema(),
  counter: countSchema()
}

/** Returns where an action stands. */
export function pointOf ({ cid, time }: { cid: CID, time: { wallMs: number, counter: number } }): LogPoint {
  return { action: cid, wallMs: time.wallMs, counter: time.counter }
}

/** Compares two points by the common order: by time, then by the hash of the action. */
export function comparePoints (a: LogPoint, b: LogPoint): number {
  return a.wallMs - b.wallMs || a.counter - b.counter || compare(a.action.multihash.digest, b.action.multihash.digest)
}
