import type { AbortOptions, CID, Emitter, HybridTime } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Home } from './home/home.ts'
import type { Content, Permission, VoiceEnd, VoiceStart } from './actions/index.ts'
import type { WindowAnswer, WindowBounds } from './window/read-window.ts'
import type { LogWindow, WindowOfLog } from './window/window-of-log.ts'

/** An action as it is stored and handed on: what everybody may read of it, and its bytes. */
export interface StoredAction {
  readonly conversation: CID
  /** The hash of `bytes`; names the action. */
  readonly cid: CID
  /** The signed block, exactly as its author signed it. */
  readonly bytes: Uint8Array
  /** The device that signed it. */
  readonly author: Did
  /** The person whose words it holds. */
  readonly person: Did
  /** Which of the author's actions in this conversation it is, from 0. */
  readonly seq: number
  readonly time: HybridTime
  readonly epoch: number
}

/** An action with its content, for those who have the key. */
export interface DecodedAction extends StoredAction {
  /** Undefined where no key of ours opens it, or what it opens to is none of the contents of `unreadable`'s words. */
  readonly content: Content | undefined
  /** Why there is no content. */
  readonly unreadable?: string | undefined
  /** Why the content has no effect, for example `not-a-participant`; its action stays in the log. */
  readonly ignored?: string | undefined
}

export interface Participant {
  did: Did
  name?: string | undefined
  permission: Permission
}

/** How far somebody has listened. */
export interface Played {
  positionMs: number
  done: boolean
  /** Wall milliseconds at the listener's device. */
  at: number
}

export interface Message {
  /** Lower-case hex of the message's 16 bytes. */
  id: string
  author: Did
  device: Did
  time: HybridTime
  body?: string | undefined
  voice?: VoiceStart & Partial<VoiceEnd> | undefined
  /** A message without a voice is complete. */
  state: 'recording' | 'complete' | 'cut-off'
  played: Record<Did, Played>
}

/** What a conversation's actions amount to; the same at every replica that holds the same actions and keys. */
export interface ConversationState {
  id: CID
  /** Undefined until the first action was read. */
  subject: string | undefined
  creator: Did
  /** Wall milliseconds. */
  created: number
  /** The creator first, then as they were added. */
  participants: Participant[]
  /** In the common order. */
  messages: Message[]
  /** The actions that no other action follows. */
  heads: CID[]
  /** Devices that signed two actions with one sequence number; all their branches are kept. */
  forked: Did[]
  /** Actions whose content we cannot read. */
  unreadable: number
}

export interface AppendOptions extends AbortOptions {
  /**
   * Resolve only once the action is on the disk itself. Without it an action
   * outlives its process, but not a power cut.
   *
   * @default false
   */
  durable?: boolean | undefined
}

export interface Conversation {
  readonly id: CID
  /**
   * Signs, seals and stores an action; it is handed to nobody before it is stored.
   *
   * @throws {KeylessHolderError} where this node speaks for nobody
   * @throws {NotAParticipantError | NotPermittedError | MissingKeyError | ForbiddenByRoleError | UnknownDeviceError | InvalidBytesError | OversizedBytesError | StorageUnavailableError}
   */
  append(content: Content, options?: AppendOptions): Promise<StoredAction>
  /** Appends all of `contents`, one after the other, in one commit. */
  appendAll(contents: Content[], options?: AppendOptions): Promise<StoredAction[]>
  state(options?: AbortOptions): Promise<ConversationState>
  /** Yields the actions in the common order. */
  actions(options?: AbortOptions): AsyncGenerator<DecodedAction>
  /** Returns who may hold the log now, sorted. */
  access(): Promise<Did[]>
}

/** The newest action we hold of one author; a forked author has one entry for each branch. */
export interface FrontierEntry {
  /** The author's 32-byte Ed25519 key. */
  author: Uint8Array
  seq: number
  cid: CID
}

export type BlockOutcome =
  /** `stored` now, `known` before, or `basics`; `forked` when its author signed another action with this sequence number. */
  | { ok: true, cid: CID, kind: 'stored' | 'known' | 'basics', forked: boolean }
  /** `held` when it waits in memory for a parent and needs not be sent again while this process lives. */
  | { ok: false, cid: CID, error: Error, held: boolean }

export interface MergeOutcome {
  /** One for each block given, in their order. */
  outcomes: BlockOutcome[]
  /** What was stored, in causal order; more than the blocks given when held ones came free. */
  stored: StoredAction[]
  /** How many of the given blocks were refused and are not held. */
  refused: number
}

export interface MergeOptions extends AbortOptions {
  /** Who gave us the blocks, for the log and the `refused` event. */
  from?: string | undefined
  /** Resolve only once what was accepted is on the disk itself. @default false */
  durable?: boolean | undefined
  /**
   * With `durable`: tell of actions when they are stored, and flush them then.
   * For what is new at this moment: somebody may be waiting to see it, and it is
   * written twice.
   *
   * @default false
   */
  tellFirst?: boolean | undefined
}

/** What synchronisation needs of a log: no keys, no contents. */
export interface LogHolder {
  readonly id: CID
  /** Tells whether this store has the conversation's basics. */
  exists(): Promise<boolean>
  /** Returns the basics block, or undefined where the conversation is unknown. */
  basics(): Promise<Uint8Array | undefined>
  /** Returns the newest action of each author; [] where the conversation is unknown. */
  frontier(): Promise<FrontierEntry[]>
  /**
   * Yields the blocks that somebody with `frontier` lacks, in causal order,
   * in batches of at most `maxBytes` (a larger single block comes alone). The
   * basics block comes first when their frontier is empty.
   *
   * An entry of theirs that we do not know and that is beyond our newest of
   * the author counts as having everything we hold of that author; where it
   * is a fork, both sides agree after the next exchange of frontiers.
   */
  since(frontier: FrontierEntry[], options?: AbortOptions & { /** @default 262144 */ maxBytes?: number | undefined }): AsyncGenerator<Uint8Array[]>
  /** Tells whether we have everything that `frontier` names. */
  covers(frontier: FrontierEntry[]): Promise<boolean>
  /** Returns who may hold the log now, sorted. */
  access(): Promise<Did[]>
  /** Merges blocks; see `Conversations.merge`. */
  merge(blocks: Uint8Array[], options?: MergeOptions): Promise<MergeOutcome>
  /**
   * Returns the blocks of the newest actions, or of those before one, and
   * earlier ones that hand keys to a device.
   *
   * @throws {UnknownActionError} when the log has no action `before`
   */
  window(query: WindowOfLog): Promise<LogWindow>
  /** Returns the parents that held-back actions wait for. */
  missing(): Promise<CID[]>
}

export interface ConversationsEvents extends Record<string, unknown> {
  /** An action was stored: ours (`local`) or somebody's. It outlives this process; whether it is on the disk itself, the promise of whoever stored it says. */
  action: { conversation: CID, action: StoredAction, local: boolean, /** Whether the log is a home log, which is no conversation to people. */ home: boolean, from: string | undefined }
  /** A conversation that this store did not have. */
  conversation: { id: CID, home: boolean }
  /** Keys came by the key vault: what could not be read of a conversation may be readable now. */
  unlocked: { conversation: CID }
  /** A block was refused; held ones are not told. */
  refused: { conversation: CID, cid: CID, error: Error, from: string | undefined }
  /** An author signed two actions with one sequence number; both are kept. */
  forked: { conversation: CID, author: Did, seq: number, error: Error }
}

export interface Conversations extends Emitter<ConversationsEvents> {
  /**
   * Publishes a conversation and adds its participants, in one commit.
   *
   * @throws {KeylessHolderError | UnknownPersonError | InvalidBytesError | StorageUnavailableError}
   */
  create(init: { subject: string, participants: Did[] }, options?: AppendOptions): Promise<Conversation>
  /** Returns the newest conversation of exactly these people (ourselves are always meant too). */
  findWith(participants: Did[]): Promise<Conversation | undefined>
  /** @throws {UnknownConversationError} */
  open(id: CID): Promise<Conversation>
  /** Yields the conversations of this store. */
  ids(options?: AbortOptions & {
    /** Home logs as well, which are synchronised alike but are nothing to show. @default false */
    withHomes?: boolean | undefined
  }): AsyncGenerator<CID>
  /**
   * Returns what this device's person keeps for themselves. Its log begins
   * when something is first put there.
   *
   * @throws {KeylessHolderError | UnknownPersonError}
   */
  home(): Promise<Home>
  /**
   * Brings the keys of conversations that are new here into the key vault now,
   * instead of a moment later. False when some are in it not yet: on a device
   * that may not write there, or cannot just now.
   */
  keepKeys(): Promise<boolean>
  /**
   * Checks blocks of others and stores, in one commit, those that are good.
   *
   * An action is genuine when its own signature, or that of a later action of
   * the same author that links to it, is valid; so one signature is checked an
   * author. What cannot be accepted is told for each block and changes nothing.
   *
   * @throws {StorageUnavailableError} when nothing could be stored; the same blocks may be given again
   */
  merge(conversation: CID, blocks: Uint8Array[], options?: MergeOptions): Promise<MergeOutcome>
  /**
   * Reads actions that are not of the log here, as far as they can be checked
   * alone: by their signatures, devices and times. Stores nothing.
   *
   * @throws {InvalidWindowError}
   */
  readWindow(conversation: CID, answer: WindowAnswer, bounds: WindowBounds): Promise<DecodedAction[]>
  /** Returns the log of a conversation, which may be unknown yet; costs nothing until used. */
  holder(id: CID): LogHolder
  /** Brings new keys into the key vault, waits for what is being written and refuses further work. */
  stop(): Promise<void>
}
