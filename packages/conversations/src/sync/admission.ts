import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Conversations, LogHolder } from '../types.ts'
import type { SessionComponents } from './session.ts'

/** What a node's owner is asked before a conversation goes between it and a peer, and before blocks of the peer are merged. */
export interface SyncQuestion {
  conversation: CID
  /** For whom the peer stands, by signed device lists. */
  persons: Did[]
  /** Who may hold the conversation, and who of the two sides could before they were put out; of one that is not here, who might by its first blocks. */
  access: Did[]
  /** The conversation is here already. */
  held: boolean
  /** Blocks that wait to be merged, and their bytes; 0 when the peer only asks. */
  blocks: number
  sizeBytes: number
}

/** `unknown`: the peer is answered as if the conversation were not here and nobody in it were answered for. */
export type SyncAnswer = { ok: true } | { ok: false, reason: string, unknown?: undefined } | { ok: false, unknown: true }

/** Asked after the rules of `sharing-rule.ts` said yes. */
export type Admits = (question: SyncQuestion) => Promise<SyncAnswer>

/** Returns what a peer sees from whom all is hidden: a node with no conversation, that answers for nobody. */
export function blindSide (components: SessionComponents): SessionComponents {
  const conversations: Conversations = Object.assign(Object.create(components.conversations) as Conversations, {
    holder: (id: CID) => emptyHolder(components.conversations.holder(id)),
    on: () => () => {}
  })
  return { ...components, conversations, own: () => ({ person: undefined, serves: [] }) }
}

/** Asks the store as for any conversation, so that the answer takes as long, and tells nothing of it. */
function emptyHolder (holder: LogHolder): LogHolder {
  const asked = async (): Promise<void> => { await holder.exists() }
  return {
    id: holder.id,
    exists: async () => { await asked(); return false },
    basics: async () => { await asked(); return undefined },
    frontier: async () => { await asked(); return [] },
    async * since () { await asked(); yield * [] },
    covers: async frontier => { await asked(); return frontier.length === 0 },
    within: async () => { await asked(); return [] },
    access: async () => { await asked(); return [] },
    former: async () => { await asked(); return [] },
    guests: async () => { await asked(); return [] },
    merge: async () => { await asked(); return { outcomes: [], stored: [], refused: 0 } },
    window: async () => { await asked(); return { keys: [], blocks: [] } },
    missing: async () => { await asked(); return [] }
  }
}
