import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { AddCall, Answer, ExtraData, History, Permission, TextFormat, TextPart } from '../actions/index.ts'
import type { AppendOptions, StoredAction } from '../types.ts'

/** An action that began something, with the id that the thing has in the state. */
export type Added = StoredAction & { readonly id: string }

/** The version that its author changes. Without it the newest, whatever it is by then. */
export interface Following { follows?: CID | undefined }

/**
 * What people do in a conversation. Ids are those of the state. Each signs,
 * seals and stores one action, and rejects as `Conversation.append` does: with
 * `NoSuchItemError`, `LockedError` or `StaleEditError` where the thing is gone,
 * somebody else's for now, or was changed meanwhile; `NotPermittedError`,
 * `NotAParticipantError` and `ConversationExpiredError` where one may not, and
 * `TextTooLongError` where a text does not fit.
 */
export interface Verbs {
  /** Says something; with a parent it is a comment on that. */
  say(message: { body: string, format?: TextFormat | undefined, parent?: string | undefined, part?: TextPart | undefined }, options?: AppendOptions): Promise<Added>
  /** Changes a message's text; its format stays unless given. With `release` one's lock is given up in the same action. */
  edit(message: string, change: Following & { body: string, format?: TextFormat | undefined, release?: boolean | undefined }, options?: AppendOptions): Promise<StoredAction>
  /** Takes a message out of sight. */
  erase(message: string, options?: AppendOptions & Following): Promise<StoredAction>
  /** Brings back what was erased. */
  recover(message: string, options?: AppendOptions & Following): Promise<StoredAction>
  /** Takes the right to change a message alone, for an hour. */
  lock(message: string, options?: AppendOptions & Following): Promise<StoredAction>
  /** Gives a message's lock up; with full permission also somebody else's. */
  release(message: string, options?: AppendOptions): Promise<StoredAction>
  /** Takes a file off a message: `attachment` is its 16 bytes in hex. */
  detach(message: string, attachment: string, options?: AppendOptions): Promise<StoredAction>
  react(message: string, reaction: string, options?: AppendOptions): Promise<StoredAction>
  unreact(message: string, reaction: string, options?: AppendOptions): Promise<StoredAction>
  /** Says how far one has listened. */
  played(message: string, progress: { positionMs: number, done: boolean }, options?: AppendOptions): Promise<StoredAction>

  /** Gives the conversation another subject. */
  rename(subject: string, options?: AppendOptions & Following & { release?: boolean | undefined }): Promise<StoredAction>
  lockSubject(options?: AppendOptions & Following): Promise<StoredAction>
  releaseSubject(options?: AppendOptions): Promise<StoredAction>
  /** Sets when the conversation ends, in wall milliseconds; null for never. */
  expire(at: number | null, options?: AppendOptions): Promise<StoredAction>
  label(label: string, options?: AppendOptions): Promise<StoredAction>
  unlabel(label: string, options?: AppendOptions): Promise<StoredAction>

  addExtra(extra: { kind: string, text: string, data: ExtraData, message?: string | undefined }, options?: AppendOptions): Promise<Added>
  editExtra(extra: string, change: Following & { text: string, data: ExtraData }, options?: AppendOptions): Promise<StoredAction>
  eraseExtra(extra: string, options?: AppendOptions & Following): Promise<StoredAction>
  /** Answers an appointment, a survey or what else asks. */
  respond(extra: string, answer: Answer, options?: AppendOptions): Promise<StoredAction>

  /**
   * Lets a person in.
   *
   * @throws {UnknownPersonError} also, where their contact card was not learned
   */
  invite(person: Did, how?: { /** @default 'write' */ permission?: Permission | undefined, /** @default 'all' */ history?: History | undefined, /** The name of their device list without it. */ name?: string | undefined }, options?: AppendOptions): Promise<StoredAction>
  setPermission(person: Did, permission: Permission, options?: AppendOptions): Promise<StoredAction>
  /** Sets what somebody is called in this conversation. */
  setName(person: Did, name: string, options?: AppendOptions): Promise<StoredAction>
  remove(person: Did, options?: AppendOptions): Promise<StoredAction>
  leave(options?: AppendOptions): Promise<StoredAction>

  /** Says that one has seen everything up to an action. */
  seen(upTo: CID, options?: AppendOptions): Promise<StoredAction>
  /** Tells of a call in which one took part. */
  summariseCall(call: Pick<AddCall, 'kinds' | 'startedAt' | 'durationMs' | 'outcome'> & { participants: Did[], missed?: Did[] | undefined, /** 16 bytes; random without it. */ call?: Uint8Array | undefined }, options?: AppendOptions): Promise<Added>
}
