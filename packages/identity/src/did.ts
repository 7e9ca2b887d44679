import { base58btc } from 'multiformats/bases/base58'
import { concat, equals } from 'uint8arrays'
import { InvalidArgumentError } from '@parley/core'
import { InvalidDidError } from './errors.ts'

/** A person or a device: `did:key:z6Mk…`, an Ed25519 public key (https://w3c-ccg.github.io/did-key-spec/). */
export type Did = string

/** Length of an Ed25519 or X25519 public key. */
export const KEY_BYTES = 32

const SCHEME = 'did:key:'
/** Varint of the multicodec `ed25519-pub`. */
const ED25519_PUB = Uint8Array.of(0xed, 0x01)
/** Identity multihash of the protobuf `PublicKey { Type: Ed25519, Data: 32 bytes }` (libp2p peer-ids spec). */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
// Base58 takes quadratic time, so a long text is refused before it is decoded.
const MAX_TEXT = 100

/** Returns the DID of a 32-byte Ed25519 public key. */
export function didFromPublicKey (publicKey: Uint8Array): Did {
  return SCHEME + base58btc.encode(concat([ED25519_PUB, checked(publicKey)]))
}

/**
 * Returns the 32-byte Ed25519 public key of a DID.
 *
 * @throws {InvalidDidError} for every other DID method, key type or spelling
 */
export function publicKeyFromDid (did: Did): Uint8Array<ArrayBuffer> {
  if (!did.startsWith(SCHEME)) throw new InvalidDidError(did, 'it does not begin with did:key:')
  const bytes = decodeBase58(did, did.slice(SCHEME.length))
  if (!equals(bytes.subarray(0, 2), ED25519_PUB)) throw new InvalidDidError(did, 'its key is not an Ed25519 key')
  if (bytes.byteLength !== 2 + KEY_BYTES) throw new InvalidDidError(did, 'its key does not have 32 bytes')
  return bytes.slice(2)
}

/** Returns the libp2p peer id (`12D3Koo…`) of a device. */
export function peerIdFromDid (did: Did): string {
  return base58btc.encode(concat([PEER_ID_PREFIX, publicKeyFromDid(did)])).slice(1)
}

/**
 * Returns the device's DID for a libp2p peer id of an Ed25519 key, in its base58 form.
 *
 * @throws {InvalidDidError} for other key types and forms
 */
export function didFromPeerId (peerId: string): Did {
  const bytes = decodeBase58(peerId, `z${peerId}`)
  if (bytes.byteLength !== PEER_ID_PREFIX.byteLength + KEY_BYTES || !equals(bytes.subarray(0, PEER_ID_PREFIX.byteLength), PEER_ID_PREFIX)) {
    throw new InvalidDidError(peerId, 'it is not the peer id of an Ed25519 key')
  }
  return didFromPublicKey(bytes.subarray(PEER_ID_PREFIX.byteLength))
}

function decodeBase58 (text: string, encoded: string): Uint8Array<ArrayBuffer> {
  if (text.length > MAX_TEXT) throw new InvalidDidError(text, 'it is too long')
  try {
    return new Uint8Array(base58btc.decode(encoded))
  } catch (cause) {
    throw new InvalidDidError(text, 'it is not base58btc', { cause })
  }
}

function checked (publicKey: Uint8Array): Uint8Array {
  if (publicKey.byteLength === KEY_BYTES) return publicKey
  throw new InvalidArgumentError(`An Ed25519 public key has ${KEY_BYTES} bytes, not ${publicKey.byteLength}`)
}
