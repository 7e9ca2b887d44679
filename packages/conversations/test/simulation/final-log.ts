import type { Did } from '@parley/identity'
import type { PlainAction, PlainBasics } from './reference/blocks.ts'
import type { Replica } from './replica.ts'

/** The log of a world at its end, as its creator holds it. */
export interface FinalLog {
  basics: PlainBasics
  /** In the order of the reference. */
  ordered: PlainAction[]
  byName: Map<string, PlainAction>
  /** Who is in, as the creator's replica says. */
  access: Did[]
  hub: Replica
}

/** Returns the end of a name, which tells it from others. */
export function short (name: string): string {
  return name.slice(-6)
}
