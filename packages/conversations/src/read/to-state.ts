import { didFromPublicKey } from '@parley/identity'
import type { OpenLog } from '../log/open-log.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { ConversationState } from '../types.ts'
import type { LogReader } from './log-reader.ts'

/** Returns what the actions that the reader has read amount to. */
export function toState ({ id, index }: OpenLog, reader: LogReader): ConversationState {
  const { subject, participants, messages } = reader.draft()
  const { rows, heads, authors, basics } = index
  return {
    id,
    subject,
    creator: reader.creator,
    created: basics.time,
    participants: [...participants.values()],
    messages: [...messages.values()],
    heads: [...heads].sort(rows.compare).map(row => cidOfHash(rows.hash(row))),
    forked: authors.filter(({ tips }) => tips.length > 1).map(({ key }) => didFromPublicKey(key)).sort(),
    unreadable: reader.unreadable
  }
}
