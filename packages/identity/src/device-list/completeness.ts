import { InvalidBytesError } from '@parley/core'
import { byteKey } from '../byte-key.ts'
import type { ChangeSet } from './change-set.ts'
import type { Reduced } from './reduce.ts'

const WHAT = 'device list'

/**
 * Checks that a list carries exactly the details it has to: of every device
 * but erased ones, whose details nobody may hand on. Where an erasure was
 * asked for and does not count, details may have been dropped before it was
 * known not to, so both are right.
 *
 * @throws {InvalidBytesError}
 */
export function checkDetails ({ changes, details }: ChangeSet, { erased }: Pick<Reduced, 'erased'>): void {
  const asked = new Set(changes.flatMap(({ kind, device }) => kind === 'erase' && device !== undefined ? [device] : []))
  const needed = detailsWanted({ changes }, erased)
  for (const key of details.keys()) {
    if (!needed.has(key)) throw new InvalidBytesError(WHAT, 'it has details of a device that was erased or is not on it')
  }
  for (const [key, device] of needed) {
    if (!details.has(key) && !asked.has(device)) throw new InvalidBytesError(WHAT, 'it lacks the details of a device')
  }
}

/** Returns which details a list of these changes carries, by their hash, and of which device. */
export function detailsWanted ({ changes }: Pick<ChangeSet, 'changes'>, erased: ReadonlySet<string>): Map<string, string> {
  const wanted = new Map<string, string>()
  for (const { records } of changes) {
    for (const { device, record } of records) {
      if (!erased.has(device)) wanted.set(byteKey(record.details), device)
    }
  }
  return wanted
}
