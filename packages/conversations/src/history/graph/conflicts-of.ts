import type { ConversationState } from '../../types.ts'

const WORDS = { edit: 'an edit at the same time won', delete: 'kept, though deleted at the same time', lock: 'somebody else held the lock' }

/** Returns the actions that lost against another made at once, by the text of their CIDs, with a few words on each. */
export function conflictsOf ({ messages, extras, conflicts }: Pick<ConversationState, 'messages' | 'extras' | 'conflicts'>): Map<string, string> {
  const all = [...conflicts.subject, ...conflicts.expiry, ...messages.flatMap(message => message.conflicts), ...extras.flatMap(extra => extra.conflicts)]
  return new Map(all.map(({ action, kind }) => [action.toString(), WORDS[kind]]))
}
