import type { CID, HybridTime } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Answer, AttachedFile, CallOutcome, ExtraData, History, Permission, TextFormat, TextPart, VoiceEnd, VoiceStart } from './actions/index.ts'

export interface Participant {
  did: Did
  name?: string | undefined
  permission: Permission
  /** Whether they were given all of the conversation, or what followed their coming. */
  history: History
}

/** Somebody who is in no longer. */
export interface FormerParticipant {
  did: Did
  name?: string | undefined
  /** Wall milliseconds at the device that said so. */
  at: number
  /** Who took them out; themselves when they left. */
  by: Did
}

/** How far somebody has listened. */
export interface Played {
  positionMs: number
  done: boolean
  /** Wall milliseconds at the listener's device. */
  at: number
}

/** The right to change an item alone, for an hour. */
export interface Lock {
  by: Did
  device: Did
  /** Wall milliseconds at the holder's device. */
  at: number
  /** It has run out for what was done at this time or later. */
  until: number
  /** What took it. */
  action: CID
}

/** What was done at once with something else, and lost. `action` is what did it, `at` wall milliseconds at its author's device. */
export type Conflict<V = unknown> =
  /** A value that is not the item's, but was meant to be. */
  | { kind: 'edit', action: CID, by: Did, at: number, value: V }
  /** The item was deleted, and is there all the same. */
  | { kind: 'delete', action: CID, by: Did, at: number }
  /** A lock that its author does not hold. */
  | { kind: 'lock', action: CID, by: Did, at: number }

/** What an edit of a message changes. */
export interface MessageText { body?: string | undefined, format: TextFormat }

/** What can be edited, deleted or locked. */
export type ItemName = { thing: 'subject' | 'expiry' } | { thing: 'message' | 'extra', id: string }

export interface Message {
  /** Lower-case hex of the message's 16 bytes; of a second person's with the same bytes also their DID. */
  readonly id: string
  readonly author: Did
  readonly device: Did
  readonly time: HybridTime
  /** Absent while it is deleted. */
  readonly body?: string | undefined
  readonly format: TextFormat
  /** The message that it is about. */
  readonly parent?: string | undefined
  readonly part?: TextPart | undefined
  /** Absent while it is deleted. */
  readonly voice?: VoiceStart & Partial<VoiceEnd> | undefined
  /** A message without a voice is complete. */
  readonly state: 'recording' | 'complete' | 'cut-off'
  readonly played: Readonly<Record<Did, Played>>
  /** The action that made what is shown: what an edit has to follow. */
  readonly version: CID
  /** Who changed it after it was said, the latest last. */
  readonly editors: readonly Did[]
  /** Wall milliseconds. */
  readonly editedAt?: number | undefined
  readonly deleted?: { by: Did, at: number } | undefined
  /** While it is held. */
  readonly lock?: Lock | undefined
  readonly conflicts: ReadonlyArray<Conflict<MessageText>>
  /** Who reacted how; who did first stands first. */
  readonly reactions: Readonly<Record<string, readonly Did[]>>
  /** None while it is deleted. */
  readonly attachments: readonly AttachedFile[]
}

/** Something that is no text, for example a place, an appointment or a survey. */
export interface Extra {
  /** As that of a message. */
  readonly id: string
  readonly kind: string
  readonly author: Did
  readonly device: Did
  readonly time: HybridTime
  /** The message that it belongs to. */
  readonly message?: string | undefined
  /** What to show where the kind is not known; absent while it is deleted. */
  readonly text?: string | undefined
  /** Absent while it is deleted. */
  readonly data?: ExtraData | undefined
  readonly version: CID
  readonly editors: readonly Did[]
  readonly editedAt?: number | undefined
  readonly deleted?: { by: Did, at: number } | undefined
  readonly conflicts: ReadonlyArray<Conflict<{ text: string, data: ExtraData }>>
  /** The newest answer of each person. */
  readonly responses: Readonly<Record<Did, { answer: Answer, at: number }>>
}

/** A call that was, as one of those who took part tells it. */
export interface Call {
  /** As that of a message. */
  readonly id: string
  readonly author: Did
  readonly kinds: ReadonlyArray<'audio' | 'video' | 'screen'>
  /** Wall milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: CallOutcome
  readonly participants: readonly Did[]
  readonly missed: readonly Did[]
}

/** What a conversation's actions amount to; the same at every replica that holds the same actions and keys, at the same time. */
export interface ConversationState {
  id: CID
  /** Undefined until the first action was read. */
  subject: string | undefined
  /** The action that made the subject: what an edit has to follow. */
  subjectVersion: CID | undefined
  subjectLock?: Lock | undefined
  creator: Did
  /** Wall milliseconds. */
  created: number
  /** What it is to this node's person: `active` where the node speaks for nobody. `expired` once what is said has no effect any more; `hidden` where they read it without being in it. */
  status: 'active' | 'expired' | 'left' | 'removed' | 'hidden'
  /** Wall milliseconds. */
  expiresAt: number | null
  /** The action that set it; null before one did. */
  expiryVersion: CID | null
  /** The creator first, then as they were added. */
  participants: Participant[]
  former: FormerParticipant[]
  /** In the common order. */
  messages: Message[]
  labels: string[]
  extras: Extra[]
  calls: Call[]
  /** Up to which action each participant has seen all; null where they never said. */
  seen: Record<Did, { action: CID, at: number } | null>
  /** Of the subject and the expiry; those of messages and extras stand there. */
  conflicts: { subject: ReadonlyArray<Conflict<string>>, expiry: ReadonlyArray<Conflict<number | null>> }
  /** The actions that no other action follows. */
  heads: CID[]
  /** Devices that signed two actions with one sequence number; all their branches are kept. */
  forked: Did[]
  /** Actions whose content we cannot read. */
  unreadable: number
}
