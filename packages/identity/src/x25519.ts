import { InvalidArgumentError } from '@parley/core'
import { concat, fromString, toString } from 'uint8arrays'
import { KEY_BYTES } from './did.ts'
import { UndecryptableError } from './errors.ts'

/** RFC 8410: everything of a PKCS #8 X25519 key that stands before its secret. */
const PKCS8 = fromString('302e020100300506032b656e04220420', 'hex')
const ALGORITHM = { name: 'X25519' }

// The points of low order (Cr.yp.to/ecdh.html "Validating public keys"), sign
// bit cleared. Whoever agrees with one of them gets zeros, so sealing to it
// fails: somebody who announced one would make every message to a group fail.
const LOW_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
])

/** A key that agrees on shared secrets with others (RFC 7748). */
export interface AgreementKey {
  readonly publicKey: Uint8Array
  /**
   * Returns the 32-byte X25519 shared secret with somebody else's key; never use it as a key itself, hash it.
   *
   * @throws {UndecryptableError} when `publicKey` is none that anybody can agree with
   */
  agree(publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** An agreement key as WebCrypto holds it, for HPKE. */
export interface ParsedAgreementKey extends AgreementKey {
  readonly pair: CryptoKeyPair
}

/** Creates an agreement key from 32 secret bytes. */
export async function createAgreementKey (secret: Uint8Array): Promise<AgreementKey> {
  const { publicKey, agree } = await parseSecret(secret)
  return { publicKey, agree }
}

/** Parses a secret once, for every later agreement. */
export async function parseSecret (secret: Uint8Array): Promise<ParsedAgreementKey> {
  if (secret.byteLength !== KEY_BYTES) throw new InvalidArgumentError(`An X25519 secret has ${KEY_BYTES} bytes, not ${secret.byteLength}`)
  const pkcs8 = concat([PKCS8, secret])
  // WebCrypto derives the public key only on export, hence the short-lived extractable copy.
  const { x = '' } = await crypto.subtle.exportKey('jwk', await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['deriveBits']))
  const publicKey = new Uint8Array(fromString(x, 'base64url'))
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['deriveBits'])
  return {
    publicKey,
    pair: { privateKey, publicKey: await importPublicKey(publicKey) },
    async agree (other) {
      try {
        const theirs = await importPublicKey(other)
        return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: theirs }, privateKey, 8 * KEY_BYTES))
      } catch (cause) {
        throw new UndecryptableError('key agreement', { cause })
      }
    }
  }
}

/** Parses 32 bytes as an X25519 public key. */
export async function importPublicKey (publicKey: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey('raw', publicKey.slice(), ALGORITHM, true, [])
}

/** Tells whether nobody can agree on a secret with this X25519 public key. */
export function isLowOrder (publicKey: Uint8Array): boolean {
  const masked = publicKey.slice()
  masked[KEY_BYTES - 1] = (masked[KEY_BYTES - 1] ?? 0) & 0x7f
  return LOW_ORDER.has(toString(masked, 'hex'))
}
