export {
  AmbiguousContactError, DamagedKeyFileError, ExpiredCardError, ForkedDeviceListError, InvalidDidError, InvalidSignatureError,
  InvalidUrlError, PassphraseNeededError, UndecryptableError, UnknownContactError, WrongPassphraseError
} from './errors.ts'
export { didFromPeerId, didFromPublicKey, peerIdFromDid, publicKeyFromDid, type Did } from './did.ts'
export { createSigner, type Signer } from './signer.ts'
export { SIGNATURE_BYTES, verifyEd25519, verifySignature } from './signature.ts'
export { SIGNED_OVERHEAD_BYTES, signBlock, signBody, splitSigned, verifySigned, type SignedParts } from './signed-block.ts'
export { createAgreementKey, type AgreementKey } from './x25519.ts'
export {
  createSealedSender, createSealingKey, sealTo, sealedCopySchema,
  type SealedCopy, type SealedReceiver, type SealedSender, type SealingKey
} from './sealing.ts'
export { PRE_KEY_ID_BYTES, preKeySchema, verifyPreKey, type PreKey, type PreKeyOrigin } from './pre-keys/pre-key.ts'
export { MAX_PRE_KEY_BATCH_BYTES, createPreKeyBatch, decodePreKeyBatch, type PreKeyBatch, type UnsignedPreKey } from './pre-keys/pre-key-batch.ts'
export { LAST_RESORT_RENEWAL_MS, LOW_STOCK, type HeldPreKeys } from './pre-keys/decide-batch.ts'
export { createPreKeySecrets, type PreKeySecrets, type PreKeySecretsComponents } from './pre-keys/pre-key-secrets.ts'
export { SEALED_OVERHEAD_BYTES, decryptContent, encryptContent } from './content.ts'
export { createDeviceKeys, type DeviceKeys } from './device-keys.ts'
export { PhraseChecksumError, PhraseLengthError, UnknownPhraseWordError, type PhraseHint } from './recovery/errors.ts'
export { recoveryPhrase, seedOfPhrase } from './recovery/recovery-phrase.ts'
export { checkAnswers, checkQuestions } from './recovery/check-phrase.ts'
export { recoverySealingOf } from './recovery/recovery-sealing.ts'
export { ROLES, type DeviceRecord, type Role } from './device-record.ts'
export {
  coversDeviceList, decodeDeviceList, mergeDeviceLists, rolesOf,
  type DeviceList, type DeviceListChange, type Succession
} from './device-list.ts'
export { createDeviceList, extendDeviceList, signSuccession } from './device-list/extend.ts'
export { deviceHistory, type DeviceHistoryEntry } from './device-list/history.ts'
export { MAX_DEVICE_LIST_BYTES } from './device-list/limits.ts'
export { MAX_CONTACT_CARD_BYTES, contactUrl, createContactCard, decodeContactCard, parseContactUrl, type ContactCard, type Route } from './contact-card.ts'
export { MAX_CLAIM_BYTES, claimUrl, claimedDevice, createClaim, decodeClaim, parseClaimUrl, type Claim } from './claim.ts'
export {
  DEFAULT_STRANGER_LIMITS, MAX_POLICY_BYTES, MAX_POLICY_PEOPLE, checkPolicyAuthor, comparePolicies, createPolicy, decodePolicy, defaultPolicySettings,
  type Policy, type PolicySettings, type PolicyVersion, type StrangerLimits, type StrangerRule
} from './policy.ts'
export {
  MAX_PAIRING_CODE_BYTES, MAX_PAIRING_LIFETIME_MS, createPairingCode, decodePairingCode, inOrder, pairingUrl, parsePairingUrl, refusalDetailSchema,
  shownDeviceShape, wantedShape,
  type PairingCode, type PairingCodeInit, type PairingSideName, type WantedRoles
} from './pairing/pairing-code.ts'
export {
  PAIRING_NONCE_BYTES, createPairingSecrets, pairingCommitment, pairingProof, type PairingSecrets, type ShortAuthentication
} from './pairing/pairing-secrets.ts'
export { OtherKeyError, WrongPersonError } from './pairing/errors.ts'
export { compareVerification, parseVerificationUrl, safetyNumber, verificationUrl, type SafetyNumber, type Verification } from './safety-words.ts'
export { createPeople, type People, type PeopleEvents } from './people.ts'
export { createContacts, type ContactEntry, type Contacts, type ContactsComponents, type ContactsInit } from './contacts/contacts.ts'
export { createStoreContactBook, type ContactBook, type ContactBookEvents } from './contacts/contact-book.ts'
export {
  MAX_CONTACT_BYTES, MAX_CONTACT_MEMBERS, decodeContact, encodeContact, fingerprintOf,
  type Contact, type ContactRecord, type ContactStatus, type ContactType, type VerifiedHow
} from './contacts/contact-record.ts'
export type { ContactEdit } from './contacts/contact-changes.ts'
export type { ContactsEvents } from './contacts/contact-index.ts'
export type { ContactFilter } from './contacts/find-contacts.ts'
export { CARD_FILE_EXTENSION, readCard, readQr, type CardSource, type ReadCardOptions } from './contacts/read-card.ts'
export { decodePng, type Pixels } from './contacts/png.ts'
export { CardNotFoundError, ContactCycleError, NoSuccessorError, OlderCardError, UnreadablePictureError } from './contacts/errors.ts'
export {
  TIERS, entitledTiers, isTimeZone, type DeclaredStatus, type Organisation, type Photo, type ProfileFields, type ProfileLink, type ProfileType, type Tier
} from './profile/profile-fields.ts'
export {
  DEFAULT_PROFILE_LIFETIME_MS, MAX_PROFILE_BLOCK_BYTES, checkProfileAuthor, compareProfiles, createProfileBlock, decodeProfileBlock,
  type ProfileBlock, type ProfileVersion
} from './profile/profile-block.ts'
export {
  MAX_PROFILE_BUNDLE_BYTES, MAX_PROFILE_DEVICES, answerFor, createProfileBundle, decodeProfileBundle, isSealedTo, openSealedTiers, sealedTierSchema, tierCopySchema,
  type EntitledDevice, type OpenedTiers, type PrivateTier, type ProfileBundle, type ProfileBundleInit, type SealedTier, type SealedTiers, type TierCopy
} from './profile/profile-bundle.ts'
export { MAX_PHOTO_BYTES, checkPhoto, openPhoto, readPhotoHeader, sealPhoto, type PhotoHeader } from './profile/photo.ts'
export { InvalidPhotoError } from './profile/errors.ts'
export { didKeyDocument, didKeyMethod, x25519FromEd25519 } from './resolver/did-key.ts'
export { didWebMethod, didWebUrl, type DidWebInit, type FetchDocument } from './resolver/did-web.ts'
export { createDidResolver, resolveDocument, type DidDocument, type DidMethod, type DidResolver } from './resolver/resolver.ts'
export { keysNamedBy, verifyName, type VerifiedName } from './resolver/verify-name.ts'
export { NameNotClaimedError, NameOfNobodyError, UnresolvableNameError } from './resolver/errors.ts'
export type { KeyStore } from './key-store.ts'
export { qrSvg, qrTerminal } from './qr.ts'
