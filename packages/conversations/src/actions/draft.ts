import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Call, Extra, Message, MessageText } from '../types.ts'
import type { ExtraData } from './content.ts'
import { createDraftCell, createDraftMap, createJournal, type DraftCell, type DraftMap, type Journal } from './draft-map.ts'
import type { Item, ToldConflict } from './editing.ts'

/** The values of a message or an extra while it can be edited. */
export type MessageItem = Item<MessageText>
export type ExtraItem = Item<{ text: string, data: ExtraData }>

/**
 * A conversation's state while actions are applied to it. What the maps hold is
 * replaced, never changed. Deleted messages and extras keep what they say here.
 */
export interface Draft {
  readonly journal: Journal
  /** Set once the beginning was read; without it there is more before than we can read. */
  readonly isWhole: DraftCell<true>
  readonly subject: DraftCell<Item<string>>
  readonly expiry: DraftCell<Item<number | null>>
  /** What people are called here; also those who are in no longer. */
  readonly names: DraftMap<Did, string>
  readonly messages: DraftMap<string, Message>
  readonly extras: DraftMap<string, Extra>
  /** By id, of those that somebody edited, deleted or locked. */
  readonly messageItems: DraftMap<string, MessageItem>
  readonly extraItems: DraftMap<string, ExtraItem>
  /**
   * What versions are of, by `keyName` of the hash of what made them: `subject`,
   * `expiry`, `message` with its id, `extra` with its id. First versions of
   * messages and extras are found by these. What an action quotes is here too.
   */
  readonly versions: DraftMap<string, string | Quotes>
  /** False where a label was taken away. */
  readonly labels: DraftMap<string, boolean>
  readonly calls: DraftMap<string, Call>
  readonly seen: DraftMap<Did, { action: CID, at: number }>
  /** Conflicts that applying actions brought about; whoever applies takes them out. */
  readonly told: ToldConflict[]
}

/** The versions that an action quotes; null for one that is not the newest. */
export interface Quotes { subject?: CID | null, expiry?: CID | null }

/** Creates the state of a conversation of which nothing was read. */
export function createDraft (): Draft {
  const journal = createJournal()
  return {
    journal,
    isWhole: createDraftCell(journal),
    subject: createDraftCell(journal),
    expiry: createDraftCell(journal),
    names: createDraftMap(journal),
    messages: createDraftMap(journal),
    extras: createDraftMap(journal),
    messageItems: createDraftMap(journal),
    extraItems: createDraftMap(journal),
    versions: createDraftMap(journal),
    labels: createDraftMap(journal),
    calls: createDraftMap(journal),
    seen: createDraftMap(journal),
    told: []
  }
}
