export { createParley, type ParleyComponents, type ParleyInit } from './create-parley.ts'
export type {
  CallOptions, CallResult, CallStatus, InboxEntry, OwnProxy, Parley, ParleyEvents, Reach, SpokenAudio, SpokenSegment, SyncReport, VoiceCall, VoiceCallEvents
} from './types.ts'
export { IdentityExistsError, NoIdentityError, NotAdminError, ProxyRefusedError, UnknownMessageError } from './errors.ts'
export { DELEGATION_PROTOCOL, delegationAnswerCodec, delegationRequestCodec, type DelegationAnswer, type DelegationRequest } from './delegation.ts'
export { MAILBOX_KINDS } from './handle-item.ts'
export { devicesWith, type DeviceRoute } from './routes.ts'
export { CARD_LIFETIME_MS } from './own-card.ts'
export { openCallJournal, type CallJournal } from './call-record/journal.ts'
export { toRecord, type CallEvent, type CallRecord, type StoredCall } from './call-record/codec.ts'
export type { CallEnd, CallInput, CallOutput } from './call-record/machine.ts'
