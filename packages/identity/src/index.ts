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
export { SEALED_OVERHEAD_BYTES, decryptContent, encryptContent } from './content.ts'
export { createDeviceKeys, type DeviceKeys } from './device-keys.ts'
export { ROLES, type DeviceRecord, type Role } from './device-record.ts'
export { MAX_DEVICE_LIST_BYTES, createDeviceList, decodeDeviceList, extendDeviceList, rolesOf, type DeviceList } from './device-list.ts'
export { MAX_CONTACT_CARD_BYTES, contactUrl, createContactCard, decodeContactCard, parseContactUrl, type ContactCard, type Route } from './contact-card.ts'
export { MAX_CLAIM_BYTES, claimUrl, claimedDevice, createClaim, decodeClaim, parseClaimUrl, type Claim } from './claim.ts'
export { createPeople, type People } from './people.ts'
export { createContacts, type Contact, type Contacts } from './contacts.ts'
export type { KeyStore } from './key-store.ts'
export { qrSvg, qrTerminal } from './qr.ts'
