import type { AbortOptions, CID, Emitter } from '@parley/core'
import type { Contact, ContactCard, Contacts, DeviceList, Did, People } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import type { ConversationList, Conversations, Delivery, Drafts, FileRange, Home, MessageDrafts, PrivateState, ReadNotices, Search, TargetReport, Window } from '@parley/conversations'
import type { PeerTarget } from '@parley/network'
import type { Presence } from '@parley/signalling'
import type { AttachOptions } from './attachments/attach-file.ts'
import type { AttachedNow, UnfinishedFile } from './attachments/open-attachments.ts'
import type { ReadFileOptions, SavedFile, SaveFileOptions } from './attachments/read-file.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { AskWindowOptions } from './library/ask-window.ts'
import type { MoveProxyOptions, MovedProxy } from './move-proxy.ts'
import type { OwnDevices } from './own-devices.ts'
import type { MovedContact } from './rotation/contact-moves.ts'
import type { PolicyClient, Request, Requests } from './policy/index.ts'
import type { Profiles } from './profiles/create-profiles.ts'

/** How reachable the person called is, as their devices and proxies say. */
export type Reach = 'live' | 'ringing' | 'busy' | 'proxy-only' | 'unreachable'

/** How a call ended; a call has exactly one of these. */
export type CallStatus = 'stored' | 'kept' | 'failed'

/** What a call came to. */
export interface CallResult {
  /**
   * `stored`: the other person's proxy or device has all of it on its disk.
   * `kept`: nobody could take it; it is on this device and goes out with the
   * next sync. `failed`: nothing was recorded.
   */
  status: CallStatus
  call: string
  conversation: CID
  /** Hex id of the message that holds what was said; absent when it failed. */
  message?: string
  /** What was recorded, in milliseconds. */
  durationMs: number
  /** Segments recorded, and how many of them a keeper acknowledged as durable. */
  segments: number
  acknowledged: number
  /** Set when the message does not hold everything that was to be said. */
  cutOff: boolean
  /** In words, when the status is not `stored`. */
  reason?: string
}

/** What happens during a call. */
export interface VoiceCallEvents extends Record<string, unknown> {
  /** How reachable the other person is; told before speaking and whenever it changes. */
  reach: Reach
  /** A segment was recorded and sealed on this device. */
  recorded: { index: number, durationMs: number }
  /** A keeper has everything up to this segment on its disk. */
  acknowledged: { index: number, durationMs: number }
  /** The keeper cannot take more just now, in its words; speaking goes on. */
  paused: { reason: string, detail: string }
  resumed: { reason: string }
  ended: CallResult
}

/** A call that is under way: what is said is a message of the conversation while it is said. */
export interface VoiceCall extends Emitter<VoiceCallEvents> {
  readonly call: string
  readonly conversation: CID
  /** Hex id of the message that holds what is said. */
  readonly message: string
  /** Resolves with the first word about reachability; `unreachable` when nobody answered in time. */
  readonly reach: Promise<Reach>
  /** Resolves once, when the call is over; never rejects. */
  readonly ended: Promise<CallResult>
  /** Ends speaking: what was said until now is closed and delivered. */
  hangUp(): void
}

/** What is said in a call: Opus packets, in the time of whoever makes them. */
export type SpokenAudio = AsyncIterable<OpusPacket>

/** What createParley's `call` and `reply` take. */
export interface CallOptions extends AbortOptions {
  /** The conversation to speak in. @default the newest one between exactly these two people, or a new one */
  conversation?: CID
  /** Subject of a conversation that has to be made. */
  subject?: string
  /**
   * Waits for the first word about reachability, at most this long, before
   * `audio` is read. A live microphone wants 0: nothing it hears is lost.
   *
   * @default 3000
   */
  listenFirstMs?: number
}

/** A spoken message of somebody else. */
export interface InboxEntry {
  /** Number of the message on this device; it never changes. */
  n: number
  conversation: CID
  /** Hex id of the message. */
  message: string
  from: Did
  fromName: string
  /** True when `from` is in the contacts. */
  known: boolean
  /** True while `from` is neither a contact nor somebody our person wrote to; see `requests`. */
  request: boolean
  /** Milliseconds since 1970, by the speaker's clock. */
  at: number
  durationMs: number
  state: 'recording' | 'complete' | 'cut-off'
  /** Why it was cut off. */
  reason?: string
  played: boolean
  subject: string
}

/** A stretch of a spoken message. */
export interface SpokenSegment {
  index: number
  /** First sample at 48 kHz, counted from the beginning of the message. */
  start: number
  packets: OpusPacket[]
  /** Loudness, twenty values a second, 0 to 255. */
  peaks: Uint8Array
  last: boolean
}

/** One proxy of ours and how it stands with it. */
export interface OwnProxy {
  device: Did
  name: string
  state: 'connected' | 'reconnecting' | 'unreachable'
  addresses: string[]
  /** In words, when it is not connected. */
  reason?: string
}

export interface ParleyEvents extends Record<string, unknown> {
  /** A spoken message arrived or changed its state. */
  message: InboxEntry
  /** Somebody played a message of ours. */
  played: { conversation: CID, message: string, by: Did, byName: string, done: boolean }
  /** Somebody calls this device's person. */
  offer: { call: string, from: Did, fromName: string }
  /** A proxy of ours came, went or could not be reached. */
  proxy: OwnProxy
  /** Somebody who is no contact said something. */
  request: Request
  /** A peer said what it holds for us; this many conversations differ and are brought up to date now. */
  syncing: { changed: number, unchanged: number }
  /** A conversation is the same here and at a peer. */
  synced: { conversation: CID }
  /** Our device list grew, by this device (`local`) or another of ours. */
  devices: { list: DeviceList, local: boolean }
  /** Our person has another key, named on another device: this one goes over to it when it is opened again. */
  succeeded: { person: Did }
  /** How one of those who are to have a conversation stands with it has changed. */
  delivery: TargetReport & { conversation: CID }
  /** A contact has another key and is found under it from now on. */
  moved: MovedContact
}

/** What was synced and what could not be. */
export interface SyncReport {
  reached: string[]
  unreachable: Array<{ who: string, reason: string }>
}

/** A person's device: calls, speaks, listens and keeps in step with its proxies. */
export interface Parley extends Emitter<ParleyEvents> {
  readonly person: Did
  readonly device: Did
  readonly people: People
  readonly contacts: Contacts
  readonly conversations: Conversations
  /** What all devices of our person share and nobody else can read. */
  readonly home: Home
  /** Our own devices and proxies, as the device list has them. */
  readonly devices: OwnDevices
  /** Who is shut out and how strangers are dealt with; contacts and blocks are changed in `contacts`. */
  readonly policy: PolicyClient
  /** First contacts that wait for an answer. */
  readonly requests: Requests
  /** How reachable contacts are, and what they see of us. */
  readonly presence: Presence
  /** What we tell of ourselves, and what others tell. */
  readonly profiles: Profiles
  /** Who has what we said, and what is tried still. */
  readonly delivery: Delivery
  /** The conversations as a list shows them: pages, filters, and what changes. */
  readonly list: ConversationList
  /** What we keep of conversations for ourselves: labels, notes, muted, archived, favourite, how far we read. */
  readonly marks: PrivateState
  /** Marks as read; tells the others of it where we set that. Off by default; all our devices share the setting. */
  readonly readNotices: Pick<ReadNotices, 'markRead' | 'isSentByDefault' | 'sendByDefault' | 'flush'>
  /** Conversations that are not published yet, on our devices alone. */
  readonly drafts: Drafts
  /** What we began to write in conversations, on our devices alone. */
  readonly texts: MessageDrafts
  /** Finds words in what this device can read; catches up in the background. */
  readonly search: Search
  /** For whoever looks for a fault. */
  readonly diagnosis: Diagnosis
  /** What we call somebody: our name for them, else their own, else their DID. */
  nameOf(did: Did): Promise<string>
  /** Our own device list as we know it. */
  deviceList(): Promise<DeviceList>
  /** Makes a fresh contact card with the addresses of our proxies and this device. */
  card(): Promise<ContactCard>
  /** Asks a device or proxy for the card of somebody it answers for. @throws what `fetchCard` of this package throws */
  fetchCard(target: PeerTarget, person: Did, options?: AbortOptions): Promise<ContactCard>
  /** Returns the key that follows ours, once another device named one: this device goes over to it when it is opened again. */
  heir(): Promise<Did | undefined>
  /** Changes the name by which we are shown to others. @throws {NotAdminError} */
  setName(name: string): Promise<void>
  /** Adds a person by the URL of their card; `expect` is whose it should be. @throws what `Contacts.add` throws */
  addContact(cardUrl: string, options?: { name?: string | undefined, expect?: Did | undefined }): Promise<Contact>
  /**
   * Lets a proxy act for us: puts it on our device list and hands it the list.
   *
   * @param claimUrl what the proxy shows while it has no owner
   * @throws {ProxyRefusedError} when it already serves others or the code is spent
   */
  addProxy(claimUrl: string, options?: AbortOptions): Promise<OwnProxy>
  proxies(): Promise<OwnProxy[]>
  /**
   * Lets another proxy take the place of one: it gets everything, and only then
   * the old one is taken off our device list and contacts are told. What was
   * interrupted goes on when it is called again, with the same code.
   *
   * @param old the old proxy's name or DID
   * @throws {NotMovedError} when not everything could be brought; nothing was taken from the old one
   * @throws {NotAdminError | UnknownOwnDeviceError | ProxyRefusedError | PeerUnreachableError}
   */
  moveProxy(old: string, claimUrl: string, options?: MoveProxyOptions): Promise<MovedProxy>
  /** Calls a contact's name or a DID and speaks `audio` to whoever takes it. */
  call(to: string, audio: SpokenAudio, options?: CallOptions): Promise<VoiceCall>
  /** Answers message `n` by speaking in its conversation to whoever spoke it. */
  reply(n: number, audio: SpokenAudio, options?: CallOptions): Promise<VoiceCall>
  /**
   * Returns the newest actions of a conversation, or those before one, as somebody
   * who has it gives them, before its log is here. Nothing is stored.
   *
   * @throws {NobodyToAskError} and what the last who was asked did: see `Windows.window`
   */
  window(conversation: CID, options?: AskWindowOptions): Promise<Window>
  /**
   * Attaches a file to a message of ours, or to a new one. Resolves once its
   * blocks and its announcement are on the disk itself; then it is brought to
   * our proxies and to those of the others, now or, over restarts, later.
   *
   * @throws {UnknownConversationError} and the errors of `Files.add` and `Conversation.append`; nothing is announced or kept then, but what `unfinishedFiles` lists
   */
  attach(conversation: CID, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, options: AttachOptions): Promise<AttachedNow>
  /** Yields files whose adding was cut off; `attach` goes on with one that is named by its `add`. They are dropped after a week. */
  unfinishedFiles(): AsyncGenerator<UnfinishedFile>
  /**
   * Brings a file to this device, checked: from our proxies, those of the others,
   * and its author. With `write` its bytes are given there as well.
   *
   * @throws {UnknownAttachmentError | DamagedFileError}
   * @throws {FileUnavailableError} nobody has the rest just now; what came stays
   */
  saveFile(conversation: CID, message: string, attachment: string, options?: SaveFileOptions): Promise<SavedFile>
  /** Yields a file, or a part of it, while it is fetched; each piece is checked. @throws what `saveFile` throws, and `InvalidArgumentError` */
  openFile(conversation: CID, message: string, attachment: string, options?: ReadFileOptions & FileRange): AsyncGenerator<Uint8Array>
  /** Spoken messages of others, oldest first. */
  inbox(): Promise<InboxEntry[]>
  /** @throws {UnknownMessageError} */
  entry(n: number): Promise<InboxEntry>
  /** Brings all of message `n` to this device, so that it plays without anybody else. @throws {UnknownMessageError} and what `listen` throws */
  fetch(n: number, options?: AbortOptions): Promise<void>
  /** Yields what was said in message `n`, also while it is still being spoken. */
  listen(n: number, options?: AbortOptions & { startIndex?: number }): AsyncGenerator<SpokenSegment>
  /** Tells the participants that message `n` was played up to `positionMs`. */
  markPlayed(n: number, position: { positionMs: number, done: boolean }): Promise<void>
  /** Exchanges everything new with our proxies and, for what they lack, with the others'. */
  sync(options?: AbortOptions): Promise<SyncReport>
  stop(): Promise<void>
}
