import type { Change, CID, Clock, Emitter, Logger, Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { CaptureRecord } from './capture-record.ts'
import type { Refusal } from './errors.ts'
import type { KeeperLimits, Trouble } from './keeper-machine.ts'

/** What a peer asks of a keeper. */
export type VoiceOpen =
  | { type: 'put', voice: Uint8Array, conversation: CID, action: CID, context: Uint8Array, person: Did }
  | { type: 'get', record: CaptureRecord }

/** A message of anybody that is over and that a device has, offered to a keeper. */
export interface VoiceCopy {
  voice: Uint8Array
  conversation: CID
  /** The action that announced it. */
  action: CID
  /** The device that spoke it. */
  speaker: Did
}

/** `person` is whose device spoke the message. */
export type CopyAuthorisation = { ok: true, person: Did } | { ok: false, reason: string }

/** `limits` bound this message below the keeper's own; a `refusal` other than `not-allowed` hides that it is one. */
export type Authorisation =
  | { ok: true, limits?: Partial<KeeperLimits> | undefined }
  | { ok: false, reason: string, refusal?: Refusal | undefined }

/** What keeping needs. */
export interface VoiceKeeperComponents {
  store: Store
  network: Pick<Network, 'handle'>
  people: Pick<People, 'personsOf' | 'list' | 'learnCard'>
  clock: Clock
  logger: Logger
}

export interface VoiceKeeperInit {
  /** Decides who may leave a message here and who may hear one. Asked once a stream, after the peer proved who it is. */
  authorise(open: VoiceOpen, device: Did): Promise<Authorisation>
  /** Decides whether a device may leave a copy of a message that it need not have spoken. @default nobody may */
  authoriseCopy?(copy: VoiceCopy, device: Did): Promise<CopyAuthorisation>
  /** Decides whether a segment of `sizeBytes` may be added, after it was verified; asked once for each that is new. @default all may */
  mayAdd?(record: CaptureRecord, sizeBytes: number): Authorisation
  /** Returns changes to commit together with a record, for example the item of a mailbox. Asked once for each commit. */
  onChange?(record: CaptureRecord, previous: CaptureRecord | undefined): Change[] | Promise<Change[]>
  /** How long a speaker may be away before its message is cut off. @default 30000 */
  graceMs?: number
  /** Time between two attempts to write a disk that is full. @default 1000 */
  retryMs?: number
  /** A speaker that sends nothing for so long has left. @default 120000 */
  idleMs?: number
  /** @default 98304; larger segments are refused, `too-large` */
  maxSegmentBytes?: number
  /** @default 21616, about six hours; the next segment is refused, `too-long` */
  maxSegments?: number
  /** Of one message. @default 268435456, 256 MiB; the next segment is refused, `too-large` */
  maxMessageBytes?: number
  /** Streams of one peer that are speaking at once. @default 4; the next is refused, `busy` */
  maxCapturesPerPeer?: number
  /** Streams of all peers that are speaking at once. @default 4096; the next is refused, `busy` */
  maxCaptures?: number
  /** Streams of one peer that are listening at once. @default 16; the next is refused, `busy` */
  maxListenersPerPeer?: number
  /** Streams of all peers that are listening at once. @default 4096; the next is refused, `busy` */
  maxListeners?: number
  /** Segments of one message that wait for the disk before its stream is not read any more. @default 16 */
  maxPending?: number
}

export type VoiceKeeperEvents = {
  /** A record was committed; `previous` is undefined for its first. */
  changed: { record: CaptureRecord, previous: CaptureRecord | undefined }
  /** A message became complete or cut off. Once for each. */
  ended: { record: CaptureRecord }
  /** A copy of a message is kept now; `previous` is what was kept of it before. */
  copied: { record: CaptureRecord, previous: CaptureRecord | undefined }
  /** The disk cannot be written; told at each attempt. */
  paused: { record: CaptureRecord, trouble: Trouble }
  refused: { device: Did, reason: Refusal, detail: string }
}

/** Keeps voice messages of others and gives them to who may hear them, while they are spoken and later. */
export interface VoiceKeeper extends Emitter<VoiceKeeperEvents> {
  /** Messages that are being spoken or in their grace period. */
  active(): CaptureRecord[]
  record(voice: Uint8Array): Promise<CaptureRecord | undefined>
  records(): AsyncGenerator<CaptureRecord>
  /** How often each rule refused something since the start. */
  refusals(): Partial<Record<Refusal, number>>
  /** Closes the streams after what is being written; messages that are being spoken get their grace period after the next start. */
  stop(): Promise<void>
}
