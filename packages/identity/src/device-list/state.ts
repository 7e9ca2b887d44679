import { cidOf } from '@parley/core'
import { didFromPublicKey } from '../did.ts'
import type { DeviceList } from '../device-list.ts'
import { compareCids } from './change.ts'
import { decodeChangeSet, encodeChangeSet, type ChangeSet } from './change-set.ts'
import { forgetErased } from './completeness.ts'
import { reduceChanges, type Reduced } from './reduce.ts'

/** What a list was made from. */
export interface ListState {
  set: ChangeSet
  reduced: Reduced
}

// A pure cache beside the lists, which stay plain values: by their bytes, so
// that a copy of a list has it too.
const states = new WeakMap<Uint8Array, ListState>()

/** Returns what a list was made from. Its signatures were verified when it was made. */
export function stateOf (list: Pick<DeviceList, 'bytes'>): ListState {
  const known = states.get(list.bytes)
  if (known !== undefined) return known
  const set = decodeChangeSet(list.bytes)
  return { set, reduced: reduceChanges(set) }
}

/** Makes the list of a set, and forgets the details that it must not have. @throws {OversizedBytesError} */
export function composeList (set: ChangeSet): DeviceList {
  const kept = forgetErased(set)
  return presentList({ set: kept, reduced: reduceChanges(kept) }, encodeChangeSet(kept))
}

/** Shows a set as a list whose encoding is `bytes`. */
export function presentList ({ set, reduced }: ListState, bytes: Uint8Array): DeviceList {
  states.set(bytes, { set, reduced })
  const { name, devices, recovery, successor, issued } = reduced
  const built = new Set(set.changes.flatMap(({ parents }) => parents))
  return {
    person: didFromPublicKey(set.person),
    name,
    devices,
    ...(recovery === undefined ? {} : { recovery }),
    ...(successor === undefined ? {} : { successor }),
    created: set.begin.body.at,
    issued,
    heads: set.changes.filter(({ key }) => !built.has(key)).map(({ cid }) => cid).sort(compareCids),
    size: set.changes.length,
    bytes,
    cid: cidOf(bytes)
  }
}
