import type { CID } from '@parley/core'
import type { Draft } from './draft.ts'
import type { Item, Seen } from './editing.ts'
import { seenOf } from './items.ts'

/** Tells which version of the subject `follows` is; undefined when it is none. */
export function seenOfSubject (draft: Draft, subject: Item<string>, follows: CID): Seen | undefined {
  return seenOf(draft, 'subject', subject, follows) ?? trusted(draft, subject)
}

/**
 * Tells what an unknown version counts as for somebody who cannot read the
 * beginning: as what was quoted to them, while nobody has changed that.
 */
export function trusted (draft: Draft, { editors }: Pick<Item<unknown>, 'editors'>): Seen | undefined {
  if (draft.isWhole.get() === true) return undefined
  return editors.length === 0 ? 'newest' : 'older'
}
