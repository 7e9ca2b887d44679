import type { CID, ParleyError } from '@parley/core'
import { hex } from '../format/hex.ts'
import type { Message } from '../types.ts'
import type { ActionContext } from './definition.ts'
import type { Draft } from './draft.ts'
import type { Seen } from './editing.ts'
import { findItem, seenOf, unknownVersion, warnOfLoss } from './items.ts'
import { lacks } from './permission.ts'
import { missing, type Refusal } from './refusal.ts'

/** What an action changes about a message, and which version its author saw. */
export interface MessageChange { message: Uint8Array, follows: CID }

/** Finds a message, and which of its versions `follows` is. */
export function messageSeen (draft: Draft, id: Uint8Array, follows: CID): { message: Message | undefined, seen: Seen | undefined } {
  const message = findItem(draft, 'message', draft.messages, id, follows)
  return { message, seen: message === undefined ? undefined : seenOf(draft, `message ${message.id}`, message, follows) }
}

/** Says why somebody may not edit or lock a message: others' are for those who write, one's own for those who comment. */
export function forbidsChange (draft: Draft, { person, permission }: ActionContext, { message: id, follows }: MessageChange): Refusal | undefined {
  const { message, seen } = messageSeen(draft, id, follows)
  const reason = lacks(permission, message === undefined || message.author === person ? 'comment' : 'write')
  if (reason !== undefined) return { reason }
  if (message === undefined) return missing('message', hex(id))
  if (seen === undefined) return unknownVersion('message', message.version)
  // Whoever saw an older version did not know.
  return seen === 'newest' && message.deleted !== undefined ? missing('message', message.id, true) : undefined
}

/** Says why only its author, or who has full permission, may delete a message or bring it back. */
export function forbidsRemoval (draft: Draft, { person, permission }: ActionContext, { message: id, follows }: MessageChange): Refusal | undefined {
  const { message, seen } = messageSeen(draft, id, follows)
  if (message === undefined) return missing('message', hex(id))
  const reason = message.author === person ? undefined : lacks(permission, 'full')
  if (reason !== undefined) return { reason }
  return seen === undefined ? unknownVersion('message', message.version) : undefined
}

/** Warns whoever is about to lose. */
export function warnsOfChange (draft: Draft, context: ActionContext, { message: id, follows }: MessageChange): ParleyError | undefined {
  const { message, seen } = messageSeen(draft, id, follows)
  return message === undefined ? undefined : warnOfLoss(message, context, seen)
}
