import type { Clock, Emitter, Logger, RandomBytes, Store } from '@parley/core'
import type { CID } from '@parley/core'
import type { DeviceKeys } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import type { Manifest, ManifestContent } from './manifest.ts'

/** What recording needs. */
export interface RecordingComponents {
  /** The speaker's own store: everything is in its journal before anybody else sees it. */
  store: Store
  device: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** What a recording tells while it goes on. */
export type RecordingEvents = {
  /** A segment is on our own disk. */
  segment: { index: number, cid: CID, last: boolean }
  /** Our own disk cannot be written; the recording waits and tries again. */
  paused: { reason: 'full' | 'missing' | 'failed', detail: string }
  resumed: Record<never, never>
  finished: FinishedVoice
}

/** A finished voice message: its manifest and what the manifest says. */
export interface FinishedVoice {
  manifest: Manifest
  content: ManifestContent
  segments: number
  reason: string | null
}

/** How a recording ends. */
export interface FinishInit {
  /** The speaker was interrupted. @default false */
  cutOff?: boolean
  /** Why, in words of at most 300 characters. */
  reason?: string
}

/** A voice message that this device speaks, or spoke. */
export interface Recording extends Emitter<RecordingEvents> {
  readonly voice: Uint8Array
  readonly conversation: CID
  readonly action: CID
  readonly key: Uint8Array
  /** Segments in the journal. */
  readonly segments: number
  /** What it became, once it is finished. */
  readonly finished: FinishedVoice | undefined
  /**
   * Takes the next packet. Waits while too much is on its way to the disk.
   *
   * @throws {VoiceTooLongError} when the message may not get longer; it can still be finished
   * @throws {StoppedError} when it is finished
   */
  add(packet: OpusPacket): Promise<void>
  /** Writes what is left and the manifest; a second call returns the same. */
  finish(init?: FinishInit): Promise<FinishedVoice>
  /** Says that the log names the manifest: the recording is not returned by `recoverRecordings` any more. */
  release(): Promise<void>
}
