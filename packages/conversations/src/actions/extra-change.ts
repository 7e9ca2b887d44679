import { InvalidArgumentError, type CID, type ParleyError } from '@parley/core'
import { hex } from '../format/hex.ts'
import type { Extra } from '../types.ts'
import type { ActionContext } from './definition.ts'
import type { Draft } from './draft.ts'
import type { Seen } from './editing.ts'
import { findItem, seenOf, unknownVersion, warnOfLoss } from './items.ts'
import { lacks } from './permission.ts'
import { missing, type Refusal } from './refusal.ts'

/** What an action changes about an extra, and which version its author saw. */
export interface ExtraChange { extra: Uint8Array, follows: CID }

/** Finds an extra, and which of its versions `follows` is. */
export function extraSeen (draft: Draft, { extra: id, follows }: ExtraChange): { extra: Extra | undefined, seen: Seen | undefined } {
  const extra = findItem(draft, 'extra', draft.extras, id, follows)
  return { extra, seen: extra === undefined ? undefined : seenOf(draft, `extra ${extra.id}`, extra, follows) }
}

/** Says why only its author, or who has full permission, may change an extra. */
export function forbidsExtraChange (draft: Draft, { person, permission }: ActionContext, change: ExtraChange): Refusal | undefined {
  const { extra, seen } = extraSeen(draft, change)
  if (extra === undefined) return missing('extra', hex(change.extra))
  const reason = extra.author === person ? undefined : lacks(permission, 'full')
  if (reason !== undefined) return { reason }
  if (seen === undefined) return unknownVersion('extra', extra.version)
  return seen === 'newest' && extra.deleted !== undefined ? missing('extra', extra.id, true) : undefined
}

/** Warns whoever is about to lose. */
export function warnsOfExtraChange (draft: Draft, context: ActionContext, change: ExtraChange): ParleyError | undefined {
  const { extra, seen } = extraSeen(draft, change)
  return extra === undefined ? undefined : warnOfLoss(extra, context, seen)
}

/** Refuses what does not fit the extra's kind. */
export function unfit (reason: string): Refusal {
  return { reason, error: () => new InvalidArgumentError(`This cannot be written: ${reason}`) }
}
