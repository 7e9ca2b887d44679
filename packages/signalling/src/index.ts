export { ExpiredSignalError, ForbiddenSignalError, MisdirectedSignalError, ReplayedSignalError, SignalFloodError, UnknownSenderError, UnwantedSenderError } from './errors.ts'
export { createSignalling, type SignallingComponents, type SignallingInit } from './signalling.ts'
export type {
  AcceptMode, CallEnd, CallId, IncomingOffer, IncomingOfferEvents, LeaveReason, OutgoingCall, OutgoingCallEvents, Reach, Refusal, RejectReason, Signalling, TerminalStatus, ToldReach, Words
} from './types.ts'
export { callBytes, callId, inboxTopic } from './ids.ts'
export { DEFAULT_TIMERS, type CallTimers } from './timers.ts'
export { MAX_ENVELOPE_BYTES, MAX_RECIPIENTS, envelopeCodec, openEnvelope, sealEnvelope, type Envelope, type Recipient } from './envelope.ts'
export { MAX_LIFETIME_MS, MAX_SIGNAL_BYTES, signalCodec, type Signal, type SignalContent, type SignalOf } from './signal.ts'
export { CLOCK_WINDOW_MS } from './freshness.ts'
export { SIGNAL_PROTOCOL } from './stream-hello.ts'
export { whyForbidden } from './permissions.ts'
export { createPresence } from './presence/presence.ts'
export { callReach } from './presence/presence-reach.ts'
export { CrowdedBoardError, PresenceFloodError, UntrustedPresenceError } from './presence/errors.ts'
export { PRESENCE_PROTOCOL } from './presence/presence-frames.ts'
export { PRESENCE_TIMERS, type PresenceTimers } from './presence/presence-timers.ts'
export { MAX_DECLARED } from './presence/statement.ts'
export type {
  Availability, ClockSkew, DevicePresence, OwnState, Platform, Presence, PresenceComponents, PresenceEvents, PresenceInit, PresencePeople, PresenceReach, PresenceRefusal, Reachability
} from './presence/types.ts'
