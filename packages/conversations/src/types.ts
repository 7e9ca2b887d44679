import type { AbortOptions, CID, Emitter, HybridTime } from '@parley/core'
import type { Did } from '@parley/identity'
import type { ConversationHistory } from './history/history.ts'
import type { GuestPair, HiddenParticipants } from './guests/types.ts'
import type { Home } from './home/home.ts'
import type { Purged } from './purge/purges.ts'
import type { Verbs } from './verbs/types.ts'
import type { Content } from './actions/index.ts'
import type { Conflict, ConversationState, ItemName } from './state.ts'
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
  /** Whether it lets somebody in, puts somebody out, or changes what they may do. */
  readonly changesAccess: boolean
}

/** An action with its content, for those who have the key. */
export interface DecodedAction extends StoredAction {
  /** Undefined where `unreadable` says why. */
  readonly content: Content | undefined
  /** No key of ours opens it; it holds what a later version knows; or what nobody knows. */
  readonly unreadable?: 'no-key' | 'unknown-kind' | 'malformed' | undefined
  /** Why the content has no effect, as a sentence; its action stays in the log. */
  readonly ignored?: string | undefined
}

export type { Call, Conflict, ConversationState, Extra, FormerParticipant, ItemName, Lock, Message, MessageText, Participant, Played } from './state.ts'

export interface AppendOptions extends AbortOptions {
  /**
   * Resolve only once the action is on the disk itself. Without it an action
   * outlives its process, but not a power cut.
   *
   * @default false
   */
  durable?: boolean | undefined
}

export interface Conversation extends Verbs, HiddenParticipants {
  readonly id: CID
  /**
   * Signs, seals and stores an action; it is handed to nobody before it is stored.
   *
   * @throws {KeylessHolderError} where this node speaks for nobody
   * @throws {NotAParticipantError | HiddenReaderError | NotPermittedError | ConversationExpiredError} where its author may not do it
   * @throws {NoSuchItemError | LockedError | StaleEditError} where it would have no effect, or lose
   * @throws {TextTooLongError | InvalidArgumentError | InvalidBytesError | OversizedBytesError} where the content cannot be
   * @throws {MissingKeyError | ForbiddenByRoleError | UnknownDeviceError | StorageUnavailableError}
   */
  append(content: Content, options?: AppendOptions): Promise<StoredAction>
  /** Appends all of `contents`, one after the other, in one commit. */
  appendAll(contents: Content[], options?: AppendOptions): Promise<StoredAction[]>
  state(options?: AbortOptions): Promise<ConversationState>
  /**
   * Yields the state now, and again whenever actions or keys came. Whoever is
   * slow gets the newest state, not each of them. Ends when the conversations
   * are stopped; rejects with the signal's reason.
   */
  watch(options?: AbortOptions): AsyncGenerator<ConversationState>
  /**
   * Yields the actions in the common order.
   *
   * @throws {NoSuchItemError} where there is no action `from`
   */
  actions(options?: AbortOptions & { /** The first to yield. */ from?: CID | undefined }): AsyncGenerator<DecodedAction>
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

/** What of a log may go between two sides of which one stands for nobody who is in, but for somebody who was. */
export interface LogView {
  /** The action that put them out: nothing goes that comes after it in the common order, */
  through: CID
  /** but what these said themselves before they saw it. A frontier leaves that out. */
  andBy: readonly Did[]
}

/** Somebody who was in, and the action that put them out: they may hold the log up to it, with it. */
export interface FormerHolder { did: Did, through: CID }

/** What synchronisation needs of a log: no keys, no contents. */
export interface LogHolder {
  readonly id: CID
  /** Tells whether this store has the conversation's basics. */
  exists(): Promise<boolean>
  /** Returns the basics block, or undefined where the conversation is unknown. */
  basics(): Promise<Uint8Array | undefined>
  /** Returns the newest action of each author, within a view; [] where the conversation is unknown. */
  frontier(view?: LogView): Promise<FrontierEntry[]>
  /**
   * Yields the blocks that somebody with `frontier` lacks, in causal order,
   * in batches of at most `maxBytes` (a larger single block comes alone). The
   * basics block comes first when their frontier is empty, and after it, out of
   * order, the actions that let `admitting` in: whoever has nothing of a log
   * takes it only where it sees that it is for somebody it answers for.
   *
   * An entry of theirs that we do not know and that is beyond our newest of
   * the author counts as having everything we hold of that author; where it
   * is a fork, both sides agree after the next exchange of frontiers.
   */
  since(frontier: FrontierEntry[], options?: AbortOptions & { /** @default 262144 */ maxBytes?: number | undefined, view?: LogView | undefined, admitting?: readonly Did[] | undefined }): AsyncGenerator<Uint8Array[]>
  /** Returns those of `blocks` that are of the log and within a view, and the basics. */
  within(view: LogView, blocks: Uint8Array[]): Promise<Uint8Array[]>
  /** Tells whether we have everything that `frontier` names, within a view. */
  covers(frontier: FrontierEntry[], view?: LogView): Promise<boolean>
  /** Returns who may hold the log now, sorted; of a view, who could when it froze. */
  access(view?: LogView): Promise<Did[]>
  /** Returns who may hold the log no longer than to an action, whoever has least first. */
  former(): Promise<FormerHolder[]>
  /** Returns who may hold the log as far as somebody else may, and by whom, as guest logs here say; also where the log is not here. */
  guests(): Promise<GuestPair[]>
  /** Merges blocks; see `Conversations.merge`. */
  merge(blocks: Uint8Array[], options?: MergeOptions): Promise<MergeOutcome>
  /**
   * Returns the blocks of the newest actions, or of those before one, and
   * earlier ones that hand keys to a device.
   *
   * @throws {UnknownActionError} when the log has no action `before`
   */
  window(query: WindowOfLog, view?: LogView): Promise<LogWindow>
  /** Returns the parents that held-back actions wait for. */
  missing(): Promise<CID[]>
}

export interface ConversationsEvents extends Record<string, unknown> {
  /** An action was stored: ours (`local`) or somebody's. It outlives this process; whether it is on the disk itself, the promise of whoever stored it says. */
  action: { conversation: CID, action: StoredAction, local: boolean, /** Whether the log is a home log or a guest log, which are no conversations to people. */ home: boolean, from: string | undefined }
  /** A conversation that this store did not have. */
  conversation: { id: CID, home: boolean }
  /** Who may read a conversation as a hidden participant may be others than before; it needs not be here. */
  guests: { conversation: CID }
  /** Keys came by the key vault: what could not be read of a conversation may be readable now. */
  unlocked: { conversation: CID }
  /**
   * What was done at once did not agree, and something was stored lately that
   * lost, or that something else lost to. Told when the conversation is read,
   * as it is at once where it was read or written before.
   */
  conflict: { conversation: CID, item: ItemName, lost: Conflict, /** What it lost to. */ kept: { action: CID, by: Did, at: number } }
  /** A conversation is being removed from this store for good: it is unknown here from now on. */
  purged: { conversation: CID }
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
  create(init: {
    subject: string
    /** Added with permission to write, and all of the history. */
    participants: Did[]
    /** What else is said in the same commit. */
    contents?: Content[] | undefined
    /** 16 bytes, and wall milliseconds: given again, they make a conversation of the same id. The caller sees to it that it is not here yet. */
    salt?: Uint8Array | undefined
    time?: number | undefined
  }, options?: AppendOptions): Promise<Conversation>
  /** Returns the newest conversation of exactly these people (ourselves are always meant too). */
  findWith(participants: Did[]): Promise<Conversation | undefined>
  /** @throws {UnknownConversationError} */
  open(id: CID): Promise<Conversation>
  /** Yields the conversations of this store. */
  ids(options?: AbortOptions & {
    /** Home logs and guest logs as well, which are synchronised alike but are nothing to show. @default false */
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
  /**
   * Removes an expired conversation from this store for good, with what is kept
   * beside it. Nobody brings it back until `forgetPurge`. Whatever it is cut off
   * at, it is there still or is gone to everybody, and the next start removes
   * the rest. When it rejects after it began, it is tried again by itself.
   *
   * @throws {UnknownConversationError | NotExpiredError | InvalidArgumentError | StorageUnavailableError}
   * @throws {KeylessHolderError | UnknownPersonError | MissingKeyError} with `everywhere`, where this device has no home
   */
  purge(conversation: CID, options?: AbortOptions & {
    /** Also one that has not expired. @default false */
    anyway?: boolean | undefined
    /** From all devices of the person, by a record of the home log. @default false */
    everywhere?: boolean | undefined
  }): Promise<void>
  /** Lets a purged conversation come back, here and wherever it was purged with `everywhere`. */
  forgetPurge(conversation: CID, options?: AbortOptions): Promise<void>
  /** Returns what was purged, or is being removed still. */
  purged(): Purged[]
  /** Tells whether a conversation was purged; with `towards`, whether one of these may know it, since they could hold it. */
  isPurged(conversation: CID, towards?: readonly Did[]): boolean
  /** Verifies conversations, exports them and imports them. */
  readonly history: ConversationHistory
  /** Returns the log of a conversation, which may be unknown yet; costs nothing until used. */
  holder(id: CID): LogHolder
  /** Brings new keys into the key vault, waits for what is being written and refuses further work. */
  stop(): Promise<void>
}
