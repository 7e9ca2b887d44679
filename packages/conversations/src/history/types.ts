import type { CID, HybridTime } from '@parley/core'
import type { DeviceList, Did } from '@parley/identity'

/** What can be wrong with the history of a conversation. */
export type FaultKind =
  /** The bytes are not those that the CID names. */
  | 'altered-block'
  | 'missing-block'
  /** The bytes are an action of this conversation by their form, but none that the format allows. */
  | 'malformed-action'
  /** A signed action of another conversation. */
  | 'foreign-action'
  | 'unknown-device'
  /** A proxy, or a device that was not added yet, revoked or expired at that time. */
  | 'device-without-role'
  | 'forged-signature'
  | 'future-time'
  /** The time is not after that of what it follows. */
  | 'time-before-parent'
  /** The previous action is another author's, or the sequence number does not follow it. */
  | 'broken-chain'
  | 'wrong-epoch'
  | 'not-a-participant'
  | 'not-permitted'
  /** Refused by another rule of merging. */
  | 'out-of-sequence'
  /** An author signed two actions for one place of their chain. */
  | 'fork'
  /** Sealed with none of its epoch's keys, all of which are at hand. */
  | 'broken-seal'
  | 'malformed-content'
  /** What it says in clear differs from what it seals. */
  | 'clear-sealed-mismatch'
  /** What the store remembers of the log differs from the log. */
  | 'stale-index'
  /** The CAR cannot be read as a whole. */
  | 'damaged-car'

/** What is worth knowing and no fault of the history. */
export type NoteKind =
  /** Content that has no effect, as an edit of something deleted meanwhile. */
  | 'no-effect'
  /** A block that belongs to nothing in the CAR. */
  | 'stray-block'

/** One thing that was found, said in whole sentences. */
export interface HistoryFinding<K extends FaultKind | NoteKind = FaultKind> {
  kind: K
  /** The block that it is about; null where it is about the whole. */
  cid: CID | null
  /** The device that the action names as its author. Of an altered block, what it says now. */
  author?: Did
  person?: Did
  seq?: number
  time?: HybridTime
  /** What is wrong, and what it means. */
  message: string
}

/** What verifying found. */
export interface VerifyReport {
  conversation: CID
  /** Whether no fault was found. */
  ok: boolean
  /** Wall milliseconds; undefined where the basics are missing. */
  created: number | undefined
  creator: Did | undefined
  actions: {
    total: number
    sound: number
    faulty: number
    /** Whose place could not be judged, since something that they build on is missing or faulty. */
    unchecked: number
  }
  /** Signatures that were checked, one for each action. */
  signatures: number
  /** Devices that wrote. */
  authors: Did[]
  /** The actions that no other follows, in the common order. */
  heads: CID[]
  /** Key epochs. */
  epochs: number
  /** Wall milliseconds of the first and last action. */
  from: number | undefined
  to: number | undefined
  /** What could be read; undefined where contents were not asked for. */
  contents: { read: number, unreadable: number } | undefined
  /** Blocks that actions link to: attachments and what belongs to them, as far as they are here. */
  attachments: { linked: number, present: number }
  faults: HistoryFinding[]
  notes: Array<HistoryFinding<NoteKind>>
}

/** How far a task of many blocks is. */
export interface HistoryProgress {
  step: 'reading' | 'judging' | 'contents' | 'writing' | 'merging'
  done: number
  total: number
}

/** Returns all that is known of a person's devices. */
export type FindList = (person: Did) => Promise<DeviceList | undefined>
