import type { Emitter } from '@parley/core'
import type { Did } from '@parley/identity'
import type { CID } from '@parley/core'

/** `call_` and the base32hex (RFC 4648, lower case) of the 16 bytes that name the call on the wire. */
export type CallId = string

/** What the caller is told about the callee; the best of what their devices and proxies said. */
export type Reach = 'live' | 'ringing' | 'busy' | 'proxy-only' | 'unreachable'

/** What a device or proxy can say of itself. */
export type ToldReach = Exclude<Reach, 'unreachable'>

/** `capture`: what is said is kept for the person; `live`: the person is there. */
export type AcceptMode = 'capture' | 'live'

/** Why a call was turned down. `unavailable` takes only the device out that said it, the others end the ringing everywhere. */
export type RejectReason = 'declined' | 'busy' | 'blocked' | 'unavailable'

/** Why somebody left. */
export type LeaveReason =
  | 'hang-up' | 'cancelled' | 'no-answer' | 'stored' | 'failed' | 'lost'
  | 'answered-elsewhere' | 'rejected-elsewhere' | 'taken-over' | 'unavailable' | 'unknown-call'

/** How a call ended. */
export type TerminalStatus = 'completed' | 'rejected' | 'cancelled' | 'busy' | 'no-answer' | 'failed' | 'stored'

/** The terminal event: one for each outgoing call and each incoming offer. */
export interface CallEnd {
  status: TerminalStatus
  /** A `LeaveReason`, a `RejectReason`, or what kept the call from starting (`unknown-person`, `no-devices`). */
  reason: string
  /** Words of whoever ended it, for people to read. */
  detail?: string
  by: 'us' | 'them' | 'time'
}

/** Words that go with a reason. */
export interface Words {
  /** Up to 256 characters for people to read. */
  detail?: string
}

/** What an outgoing call tells. */
export type OutgoingCallEvents = {
  /** A device or proxy of the callee has the offer; it has not said yet what it makes of it. */
  acknowledged: { device: Did }
  reach: Reach
  /** Emitted again when a device takes over what a proxy captured. */
  accepted: { device: Did, mode: AcceptMode, onBehalfOf?: Did }
  /** Who turned the call down; it may go on with others. */
  rejected: { device: Did, reason: RejectReason, detail?: string }
  ended: CallEnd
}

/** What an incoming offer tells. */
export type IncomingOfferEvents = {
  /** The caller has our acceptance. */
  confirmed: { mode: AcceptMode }
  ended: CallEnd
}

/** A call that this device offers to a person. */
export interface OutgoingCall extends Emitter<OutgoingCallEvents> {
  readonly call: CallId
  readonly to: Did
  /** Resolves with the terminal event; never rejects. */
  readonly ended: Promise<CallEnd>
  /** The last reach that was told, undefined before. */
  reach(): Reach | undefined
  /**
   * Withdraws the offer, or leaves the call. Without a reason the status is
   * `cancelled` before an answer, `stored` from a capture, else `completed`.
   */
  leave(reason?: 'hang-up' | 'failed', words?: Words): void
}

/** A call that somebody offers to a person this device answers for. */
export interface IncomingOffer extends Emitter<IncomingOfferEvents> {
  readonly call: CallId
  readonly from: Did
  /** The caller's device. */
  readonly device: Did
  /** The person it is for. */
  readonly to: Did
  /** The caller's contact card: signed bytes, to be read with `decodeContactCard`. */
  readonly card: Uint8Array
  readonly conversation?: CID
  /** Resolves with the terminal event; never rejects. */
  readonly ended: Promise<CallEnd>
  /** Tells the caller how reachable the person is here; may be called again while it rings. */
  reach(state: ToldReach): void
  /** Takes the call. A proxy can only `capture`. Ignored after the end. */
  accept(options: { mode: AcceptMode }): void
  reject(reason?: RejectReason, words?: Words): void
  /** Leaves after accepting: `stored` (the default of a capture), `hang-up` or `failed`. */
  leave(reason?: 'hang-up' | 'stored' | 'failed', words?: Words): void
}

/** What came in and was not obeyed. */
export interface Refusal { error: Error, path: 'direct' | 'topic', peer: string }

/** Offers calls, and tells of those that are offered. */
export interface Signalling extends Emitter<{ offer: IncomingOffer, refused: Refusal }> {
  offer(offer: { to: Did, conversation?: CID, card: Uint8Array, call?: CallId }): OutgoingCall
  /** Subscribes the inboxes of the persons now served; needed at once only when `person` is a function and its answer changed. */
  refresh(): void
  /** How often something was refused, by the name of the error. */
  refusals(): Record<string, number>
  /** Opens the direct stream to the devices of a person beforehand, so that a call needs no dialling. Resolves to the number that are open. */
  warm(person: Did, options?: { signal?: AbortSignal }): Promise<number>
  stop(): Promise<void>
}
