import type { AbortOptions, CID, Emitter } from '@parley/core'
import type { Did } from '@parley/identity'

/**
 * How an action stands with a target. `delivered-service`: on the disk of a
 * proxy; `delivered-user`: on that of a device of the person; `read`: they
 * said so; `complete`: nothing is to follow.
 */
export type DeliveryState =
  | 'pending' | 'sending' | 'sent' | 'delivered-service' | 'delivered-user' | 'read' | 'temporary-failure' | 'failed' | 'complete'

/** Why an attempt failed. */
export interface DeliveryError {
  /** Wall milliseconds here. */
  at: number
  /** The error's name. */
  code: string
  detail: string
  /** Whether the same attempt may succeed later without anybody doing anything. */
  retryable: boolean
}

/** Who is to have a conversation: a person, by one of their devices or proxies. */
export interface DeliveryTarget {
  kind: 'person' | 'device' | 'proxy'
  /** The key of the device or proxy; of the person where the kind is that. */
  did: Did
  person: Did
  /** What the device list calls it; empty for a person. */
  name: string
}

/** How one target stands. */
export interface TargetReport {
  target: DeliveryTarget
  state: DeliveryState
  /** Failed attempts in a row. */
  attempts: number
  /** Wall milliseconds; absent while none is planned. */
  nextAttempt?: number | undefined
  /** The newest last; of the failures since the last success. */
  errors: readonly DeliveryError[]
}

/** How one action stands with one target. */
export interface DeliveryRecord extends TargetReport {
  conversation: CID
  action: CID
  /** When the person said that they had read it, in wall milliseconds at their device. */
  readAt?: number | undefined
}

export interface DeliveryEvents extends Record<string, unknown> {
  /** How a target stands with a conversation has changed. */
  delivery: TargetReport & { conversation: CID }
}

/** Brings conversations to whoever should have them and tells how that stands. */
export interface Delivery extends Emitter<DeliveryEvents> {
  /**
   * Returns how an action stands with every participant, and with each device
   * and proxy of theirs that is known; computed from how far each target is.
   *
   * @throws {UnknownConversationError | UnknownActionError}
   */
  records(conversation: CID, action: CID): Promise<DeliveryRecord[]>
  /** Returns how each device and proxy stands with all of a conversation that we have. @throws {UnknownConversationError} */
  targets(conversation: CID): Promise<TargetReport[]>
  /** Tries every target of a conversation that can be reached now and lacks something; resolves once each was tried. */
  bring(conversation: CID, options?: AbortOptions): Promise<void>
  /** Tries everything that is owed; resolves once all was tried. */
  flush(options?: AbortOptions): Promise<void>
  /** Says that a person, or one device of theirs, is there: what waits for them is tried at once. */
  appeared(did: Did): void
  /** Ends attempts under way; what they would have brought is owed still. */
  stop(): Promise<void>
}
