import { InvalidBytesError } from '@parley/core'
import { base58btc } from 'multiformats/bases/base58'
import { concat } from 'uint8arrays'
import { KEY_BYTES, publicKeyFromDid, type Did } from '../did.ts'
import type { DidDocument, DidMethod } from './resolver.ts'

/** Varint of the multicodec `x25519-pub`. */
const X25519_PUB = Uint8Array.of(0xec, 0x01)
/** The prime of Curve25519. */
const P = 2n ** 255n - 19n

/**
 * Returns the DID document of an Ed25519 `did:key`
 * (https://w3c-ccg.github.io/did-key-spec/): the key as a Multikey
 * (https://www.w3.org/TR/cid-1.0/#Multikey), and the X25519 key that follows
 * from it for key agreement. Parley itself seals to the sealing keys of
 * devices, never to that one.
 *
 * @throws {InvalidDidError} for other keys
 * @throws {InvalidBytesError} for the one key from which none follows
 */
export function didKeyDocument (did: Did): DidDocument {
  const text = did.slice('did:key:'.length)
  const agreement = base58btc.encode(concat([X25519_PUB, x25519FromEd25519(publicKeyFromDid(did))]))
  const [key, agreementKey] = [`${did}#${text}`, `${did}#${agreement}`]
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [{ id: key, type: 'Multikey', controller: did, publicKeyMultibase: text }],
    authentication: [key],
    assertionMethod: [key],
    capabilityDelegation: [key],
    capabilityInvocation: [key],
    keyAgreement: [{ id: agreementKey, type: 'Multikey', controller: did, publicKeyMultibase: agreement }]
  }
}

/** The DID method `key`, which asks nobody. */
export const didKeyMethod: DidMethod = { method: 'key', resolve: async did => didKeyDocument(did) }

/**
 * Returns the X25519 key of an Ed25519 key: u = (1 + y) / (1 - y) mod p, by the
 * birational map of RFC 7748, section 4.1.
 *
 * @throws {InvalidBytesError} for y = 1
 */
export function x25519FromEd25519 (publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  // The sign of x, which is the top bit, does not matter to u.
  const y = publicKey.reduceRight((value, byte, index) => value * 256n + BigInt(index === KEY_BYTES - 1 ? byte & 0x7f : byte), 0n) % P
  if (y === 1n) throw new InvalidBytesError('Ed25519 key', 'no X25519 key follows from it')
  let u = (1n + y) * power(1n - y + P, P - 2n) % P
  return Uint8Array.from({ length: KEY_BYTES }, () => {
    const byte = Number(u & 0xffn)
    u >>= 8n
    return byte
  })
}

function power (base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base % P, left = exponent; left > 0n; left >>= 1n, square = square * square % P) {
    if ((left & 1n) === 1n) result = result * square % P
  }
  return result
}
