import type { AbortOptions, CID } from '@parley/core'
import type { Conversations } from '../types.ts'

/** Notices when somebody was put out of a conversation, or let in: then it is asked again what a peer may have. */
export interface AccessWatch {
  readonly hasChanged: boolean
  /** Says that it is asked again now. */
  settle(): void
}

/** Watches from now on, until the signal aborts. */
export function watchAccess (conversations: Pick<Conversations, 'on'>, conversation: CID, { signal }: AbortOptions): AccessWatch {
  let hasChanged = false
  conversations.on('action', ({ conversation: grown, action }) => { hasChanged ||= action.changesAccess && grown.equals(conversation) }, { signal })
  conversations.on('guests', ({ conversation: shared }) => { hasChanged ||= shared.equals(conversation) }, { signal })
  return {
    get hasChanged () { return hasChanged },
    settle () { hasChanged = false }
  }
}
