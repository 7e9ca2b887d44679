import { InvalidBytesError } from '@parley/core'
import { byteKey } from '../byte-key.ts'
import { isIn } from './causal-past.ts'
import { placesBy, type ChangeSet } from './change-set.ts'

/**
 * Checks that a list carries no details but those it may: nobody hands on what
 * was erased. Ones that are missing are no fault, since others may bring them.
 *
 * @throws {InvalidBytesError}
 */
export function checkDetails (set: ChangeSet): void {
  const wanted = detailsWanted(set)
  if ([...set.details.keys()].some(key => !wanted.has(key))) throw new InvalidBytesError('device list', 'it has details of a device that was erased or is not on it')
}

/** Returns a set without the details that it must not have. */
export function forgetErased (set: ChangeSet): ChangeSet {
  const wanted = detailsWanted(set)
  return { ...set, details: new Map([...set.details].filter(([key]) => wanted.has(key))) }
}

/**
 * Returns by their hash which details a list of these changes may carry: of
 * every description that no erasure of its device covers. An erasure covers
 * all but those made knowing of it, or knowing that its author was revoked by
 * somebody who had not seen it.
 *
 * It does not matter whether the erasure counts: what was forgotten cannot be
 * had back when a revocation that comes later voids it, and replicas would
 * differ by what they heard first. As it is, a change covers another or not for
 * good. A device that was erased by a thief is described anew, which they
 * cannot undo.
 */
export function detailsWanted ({ changes, pasts }: Pick<ChangeSet, 'changes' | 'pasts'>): Set<string> {
  const erasures = placesBy(changes, ({ kind, device }) => kind === 'erase' && device !== undefined ? [device] : [])
  const revocations = placesBy(changes, ({ kind, device }) => kind === 'revoke' && device !== undefined ? [device] : [])
  const covers = (erasure: number, place: number): boolean => {
    if (isIn(pasts[place], erasure)) return false
    const author = changes[erasure]?.author
    if (author === undefined) return true
    return revocations.get(author)?.some(revocation => isIn(pasts[place], revocation) && !isIn(pasts[revocation], erasure)) !== true
  }
  return new Set(changes.flatMap(({ records }, place) => records.flatMap(({ device, record }) =>
    erasures.get(device)?.some(erasure => covers(erasure, place)) === true ? [] : [byteKey(record.details)]
  )))
}
