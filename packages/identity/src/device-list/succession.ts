import { isIn } from './causal-past.ts'
import { compareCids } from './change.ts'
import type { ChangeSet } from './change-set.ts'

/**
 * Returns the place of the change that names the successor for good: of those
 * that build on no other that does, the earliest, then that with the smallest
 * CID. The person alone signs them, so all count but for one another.
 */
export function succession ({ changes, pasts }: Pick<ChangeSet, 'changes' | 'pasts'>): number | undefined {
  const places = changes.flatMap(({ kind }, place) => kind === 'successor' ? [place] : [])
  const [first] = places.filter(place => !places.some(other => isIn(pasts[place], other)))
    .flatMap(place => changes[place] === undefined ? [] : [{ place, change: changes[place] }])
    .sort((a, b) => a.change.body.at - b.change.body.at || compareCids(a.change.cid, b.change.cid))
  return first?.place
}
