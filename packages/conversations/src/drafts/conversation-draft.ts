import type { CID } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import type { Content, Permission } from '../actions/index.ts'

/** Somebody who is to take part. */
export interface DraftParticipant {
  did: Did
  name?: string | undefined
  permission: Permission
  /** What of the conversation they are given: all of it, or what follows the action that adds them. */
  history: 'all' | 'from-now'
}

/** Something that is to be said when the conversation is published. */
export interface DraftItem {
  /** 32 digits of lower-case hex. */
  id: string
  /** Items are published by this number, those of one number by their ids. */
  order: number
  content: Content
}

/** A conversation that is not published: its creator's devices have it, and nobody else. */
export interface ConversationDraft {
  /** 32 digits of lower-case hex. */
  id: string
  /** Wall milliseconds. */
  begun: number
  subject: string
  /** By did. */
  participants: DraftParticipant[]
  /** In the order in which they will be published. */
  items: DraftItem[]
  /** Set once its publication has begun; it cannot be changed then. */
  publishing?: Publication | undefined
}

/** What a publication makes the conversation of; recorded before it, so that one that is repeated makes the same. */
export interface Publication {
  conversation: CID
  /** Wall milliseconds. */
  time: number
  /** 16 bytes. */
  salt: Uint8Array
  subject: string
}

/** What to change of a draft; what is not named stays. */
export interface DraftChange {
  subject?: string | undefined
  participants?: { put?: DraftParticipant[] | undefined, remove?: Did[] | undefined } | undefined
  items?: {
    /** Without an `id` it is a new one; without an `order` it comes last, or stays where it is. */
    put?: Array<{ id?: string | undefined, order?: number | undefined, content: Content }> | undefined
    remove?: string[] | undefined
  } | undefined
}

/** Kinds of content that a draft may hold. */
const ITEM_KINDS: ReadonlySet<string> = new Set(['add message', 'add attachment', 'add label', 'add extra', 'modify expiry'])

/** Tells whether a content can be part of a draft. */
export function isItem ({ verb, thing }: { verb: string, thing: string }): boolean {
  return ITEM_KINDS.has(`${verb} ${thing}`)
}

/** Returns what a draft comes to: its final contents, and nothing of how it came to them. */
export function contentsOf ({ participants, items, subject }: ConversationDraft): Content[] {
  const additions = participants.map(({ did, name, permission, history }): Content => ({
    verb: 'add',
    thing: 'participant',
    person: publicKeyFromDid(did),
    ...(name === undefined ? {} : { name }),
    permission,
    history,
    // They are not given the key of what the conversation begins with.
    ...(history === 'from-now' ? { subject } : {})
  }))
  return [...additions, ...items.map(({ content }) => content)]
}
