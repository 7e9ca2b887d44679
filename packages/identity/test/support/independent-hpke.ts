import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { concat, fromString } from 'uint8arrays'

// RFC 9180 base mode with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256, written
// from the RFC on node:crypto, to check the library against something else.
const PKCS8 = fromString('302e020100300506032b656e04220420', 'hex')

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const short = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', key).update(data).digest())

function labeledExtract (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hmac(salt, concat([text('HPKE-v1'), suite, text(label), ikm]))
}

function labeledExpand (suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  // Nothing here is longer than one block of HMAC-SHA256.
  return hmac(prk, concat([short(length), text('HPKE-v1'), suite, text(label), info, Uint8Array.of(1)])).subarray(0, length)
}

function privateKey (secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat([PKCS8, secret])), format: 'der', type: 'pkcs8' })
}

function publicKey (raw: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(raw).toString('base64url') }, format: 'jwk' })
}

/** What of an HPKE context is compared and used. */
export interface IndependentContext { key: Uint8Array, baseNonce: Uint8Array, seal(sequence: number, plaintext: Uint8Array, aad: Uint8Array): Uint8Array }

/** Computes the context that both ends derive from one of the two secrets. */
export function independentContext ({ secret, other, enc, recipient, info, aead }: { secret: Uint8Array, other: Uint8Array, enc: Uint8Array, recipient: Uint8Array, info: Uint8Array, aead: 'aes-128-gcm' | 'aes-256-gcm' }): IndependentContext {
  const [aeadId, keyBytes] = aead === 'aes-128-gcm' ? [1, 16] : [2, 32]
  const kem = concat([text('KEM'), short(0x20)])
  const suite = concat([text('HPKE'), short(0x20), short(1), short(aeadId)])
  const none = new Uint8Array(0)
  const dh = new Uint8Array(diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(other) }))
  const shared = labeledExpand(kem, labeledExtract(kem, none, 'eae_prk', dh), 'shared_secret', concat([enc, recipient]), 32)
  const context = concat([Uint8Array.of(0), labeledExtract(suite, none, 'psk_id_hash', none), labeledExtract(suite, none, 'info_hash', info)])
  const prk = labeledExtract(suite, shared, 'secret', none)
  const key = labeledExpand(suite, prk, 'key', context, keyBytes)
  const baseNonce = labeledExpand(suite, prk, 'base_nonce', context, 12)
  return {
    key,
    baseNonce,
    seal (sequence, plaintext, aad) {
      const nonce = baseNonce.slice()
      nonce[11] = (nonce[11] ?? 0) ^ sequence
      const cipher = createCipheriv(aead, key, nonce)
      cipher.setAAD(aad)
      return concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    }
  }
}
