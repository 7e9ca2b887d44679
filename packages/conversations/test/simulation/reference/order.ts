import { compare } from 'uint8arrays'
import type { PlainAction } from './blocks.ts'

/**
 * Orders actions by the written rule and in no clever way: takes, again and
 * again, the earliest by (time, counter, CID) of those whose parents were all
 * taken. Throws where a parent is missing.
 */
export function orderPlainly (actions: readonly PlainAction[]): PlainAction[] {
  const left = new Set(actions)
  const taken = new Set<string>()
  const ordered: PlainAction[] = []
  while (left.size > 0) {
    let first: PlainAction | undefined
    for (const action of left) {
      if (!action.parents.every(parent => taken.has(parent))) continue
      if (first === undefined || isEarlier(action, first)) first = action
    }
    if (first === undefined) throw new RangeError(`${left.size} actions follow what is not there`)
    left.delete(first)
    taken.add(first.name)
    ordered.push(first)
  }
  return ordered
}

export function isEarlier (a: PlainAction, b: PlainAction): boolean {
  return (a.wallMs - b.wallMs || a.counter - b.counter || compare(a.cid.bytes, b.cid.bytes)) < 0
}

/** Returns, for each action, the names of everything that it follows, directly or not. */
export function pastsOf (ordered: readonly PlainAction[]): Map<string, Set<string>> {
  const pasts = new Map<string, Set<string>>()
  for (const { name, parents } of ordered) pasts.set(name, new Set(parents.flatMap(parent => [parent, ...pasts.get(parent) ?? []])))
  return pasts
}
