import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { History } from '../actions/index.ts'
import type { AppendOptions } from '../types.ts'

/** Somebody who reads a conversation without being in it, and who lets them. */
export interface GuestPair {
  host: Did
  guest: Did
}

/** A guest log of a conversation, as its replica here has it. */
export interface GuestLog {
  /** The guest log's id. */
  id: CID
  /** Who made it. */
  host: Did
  /** Whom it lets read now. */
  guests: Did[]
  /** Whom it did. */
  former: Did[]
}

/** What somebody in a conversation does about those who read it without being in it; nobody else learns of it. */
export interface HiddenParticipants {
  /**
   * Lets a person read the conversation. Only they and our own devices and
   * proxies learn of it. Once more changes nothing, but for what may be read.
   *
   * @throws {NotAParticipantError | HiddenReaderError | NotPermittedError} where our person may not write in it
   * @throws {UnknownPersonError} where their contact card was not learned
   * @throws {InvalidArgumentError} where they are in it
   * @throws {KeylessHolderError | MissingKeyError | ForbiddenByRoleError | UnknownDeviceError | StorageUnavailableError}
   */
  hide(person: Did, options?: AppendOptions & { /** What they may read; `from-now` begins a new epoch of keys. @default 'all' */ history?: History | undefined }): Promise<void>
  /**
   * Ends that: nothing later is given to them, and the conversation goes on with new keys.
   *
   * @throws {NoSuchItemError} where our person does not let them read
   * @throws {KeylessHolderError | MissingKeyError | ForbiddenByRoleError | UnknownDeviceError | StorageUnavailableError}
   */
  unhide(person: Did, options?: AppendOptions): Promise<void>
  /** Returns whom our person lets read, sorted. */
  hidden(): Promise<Did[]>
}
