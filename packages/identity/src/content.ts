import { openXChaCha, sealXChaCha } from '#aead'
import { InvalidArgumentError, type RandomBytes } from '@parley/core'
import { UndecryptableError } from './errors.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 24
const TAG_BYTES = 16

/** How much sealed content is larger than its plaintext: nonce and tag. */
export const SEALED_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES

/**
 * Encrypts with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under a fresh
 * random nonce; 24 bytes of it are enough that one key may seal any number of
 * things without counting them.
 *
 * Returns `nonce(24) ‖ ciphertext ‖ tag(16)`.
 */
export function encryptContent (key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array, random: RandomBytes): Uint8Array<ArrayBuffer> {
  const nonce = random(NONCE_BYTES)
  const sealed = sealXChaCha(checked(key), nonce, plaintext, aad)
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength)
  bytes.set(nonce)
  bytes.set(sealed, NONCE_BYTES)
  return bytes
}

/**
 * Opens what `encryptContent` made.
 *
 * @throws {UndecryptableError} with another key, other associated data or altered bytes
 */
export function decryptContent (key: Uint8Array, bytes: Uint8Array, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  checked(key)
  if (bytes.byteLength < SEALED_OVERHEAD_BYTES) throw new UndecryptableError('sealed content')
  try {
    return openXChaCha(key, bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES), aad)
  } catch (cause) {
    throw new UndecryptableError('sealed content', { cause })
  }
}

function checked (key: Uint8Array): Uint8Array {
  if (key.byteLength === KEY_BYTES) return key
  throw new InvalidArgumentError(`A content key has ${KEY_BYTES} bytes, not ${key.byteLength}`)
}
