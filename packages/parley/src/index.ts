export { createParley, type ParleyComponents, type ParleyInit } from './create-parley.ts'
export type {
  CallOptions, CallResult, CallStatus, InboxEntry, OwnProxy, Parley, ParleyEvents, Reach, SpokenAudio, SpokenSegment, SyncReport, VoiceCall, VoiceCallEvents
} from './types.ts'
export type { Diagnosis } from './diagnosis.ts'
export type { AnnouncedFile, AttachOptions, AttachProgress } from './attachments/attach-file.ts'
export type { AttachedNow, UnfinishedFile } from './attachments/open-attachments.ts'
export type { BringProgress } from './attachments/file-queue.ts'
export type { ReadFileOptions, SavedFile, SaveFileOptions } from './attachments/read-file.ts'
export { createLogStore, type LogStore } from './library/log-store.ts'
export type { LogNotes } from './library/log-notes.ts'
export type { AskWindowOptions } from './library/ask-window.ts'
export type { MoveProgress, MoveProxyOptions, MovedProxy, Unfound } from './move-proxy.ts'
export { AlreadySucceededError, CardUnavailableError, IdentityExistsError, NoIdentityError, NobodyToAskError, NotAdminError, NotMovedError, ProxyRefusedError, UnknownAttachmentError, UnknownMessageError } from './errors.ts'
export { DELEGATION_PROTOCOL, delegationAnswerCodec, delegationRequestCodec, type DelegationAnswer, type DelegationRequest } from './delegation.ts'
export { beginSuccession, type BeginSuccessionComponents } from './rotation/begin-succession.ts'
export { enterSuccession, type SuccessionComponents } from './rotation/enter-succession.ts'
export type { MovedContact } from './rotation/contact-moves.ts'
export { MAILBOX_KINDS } from './handle-item.ts'
export { devicesWith, type DeviceRoute } from './routes.ts'
export { dropRevoked } from './drop-revoked.ts'
export { CARD_LIFETIME_MS } from './own-card.ts'
export { openCallJournal, type CallJournal } from './call-record/journal.ts'
export { toRecord, type CallEvent, type CallRecord, type StoredCall } from './call-record/codec.ts'
export type { CallEnd, CallInput, CallOutput } from './call-record/machine.ts'
export {
  POLICY_PROTOCOL, PolicyRefusedError, StalePolicyError, createAdmission, createPolicyClient, createPolicyHolder, createRequests, openConversationBook,
  type Admission, type AdmissionComponents, type BookEntry, type ConversationBook, type ConversationBookComponents, type OfferAnswer, type Policies,
  type PolicyClient, type PolicyClientComponents, type PolicyClientEvents, type PolicyHolder, type PolicyHolderComponents, type PolicyHolderEvents,
  type PolicyView, type Request, type Requests, type RequestsComponents, type Standing, type VoiceAnswer, type VoiceQuestion
} from './policy/index.ts'
export { acceptPairing } from './pairing/accept-pairing.ts'
export { offerPairing } from './pairing/offer-pairing.ts'
export { PairingBusyError, PairingMismatchError, PairingRefusedError, PairingUnfinishedError, SpentCodeError } from './pairing/errors.ts'
export { MAX_WELCOME_BYTES, PAIRING_PROTOCOL } from './pairing/frames.ts'
export type {
  AddedDevice, ExistingSide, JoinedPerson, NewSide, OfferPairingOptions, PairingComponents, PairingEvents, PairingOffer, PairingPeer, PairingSession, PairingStatus
} from './pairing/types.ts'
export { createProfiles, type Profiles, type ProfilesComponents, type ProfilesEvents } from './profiles/create-profiles.ts'
export { createProfileServer, type ProfileServer, type ProfileServerComponents, type ProfileServerEvents } from './profiles/profile-server.ts'
export type { Profile, ReadOptions } from './profiles/profile-reader.ts'
export type { ProfileSettings } from './profiles/tiered-fields.ts'
export { MAX_PROFILE_FRAME_BYTES, PROFILE_PROTOCOL, profileFrameCodec, type ProfileFrame } from './profiles/frames.ts'
export { ProfileRefusedError, ProfileUnavailableError, StaleProfileError, UnknownProfileError } from './profiles/errors.ts'
export { CARD_PROTOCOL, cardAnswerCodec, cardRequestCodec, fetchCard, serveCards, type CardAnswer, type CardRefusal, type CardRequest, type CardServingComponents } from './card-exchange.ts'
export {
  PRE_KEY_PROTOCOL, PreKeysRefusedError, createPreKeyClient, createPreKeyHolder,
  type PreKeyClient, type PreKeyClientComponents, type PreKeyClientEvents, type PreKeyHolder, type PreKeyHolderComponents, type PreKeyHolderEvents, type PreKeyHolderInit
} from './pre-keys/index.ts'
