import { Aes256Gcm } from '@hpke/core'
import { hchacha, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { InvalidArgumentError } from '@parley/core'
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'

const TAG_BYTES = 16
const NONCE_BYTES = 24
const CONTENT_CIPHER = 'chacha20-poly1305'
/** Below, the calls into native code cost as much as they save, and more in a process that was idle. */
const NATIVE_FROM_BYTES = 1024

/**
 * AES-256-GCM for HPKE, done at once by node:crypto: WebCrypto takes each
 * message through the thread pool, which is most of what a small one costs.
 */
class NativeAes256Gcm extends Aes256Gcm {
  override createEncryptionContext (key: ArrayBufferLike | ArrayBufferView): ReturnType<Aes256Gcm['createEncryptionContext']> {
    // A key object is looked at once; raw bytes would be tested for what they are at every message.
    const secret = createSecretKey(bytesOf(key))
    return {
      async seal (iv, data, aad) {
        const cipher = createCipheriv('aes-256-gcm', secret, bytesOf(iv)).setAAD(bytesOf(aad))
        return plainBuffer([cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()])
      },
      async open (iv, data, aad) {
        const sealed = bytesOf(data)
        const end = Math.max(0, sealed.byteLength - TAG_BYTES)
        const decipher = createDecipheriv('aes-256-gcm', secret, bytesOf(iv), { authTagLength: TAG_BYTES }).setAAD(bytesOf(aad)).setAuthTag(sealed.subarray(end))
        return plainBuffer([decipher.update(sealed.subarray(0, end)), decipher.final()])
      }
    }
  }
}

/** Creates the AEAD that sealing uses. */
export function createAead (): Aes256Gcm {
  return new NativeAes256Gcm()
}

function bytesOf (data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

function plainBuffer (parts: Uint8Array[]): ArrayBuffer {
  const joined = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.byteLength
  }
  return joined.buffer
}

/**
 * Seals with XChaCha20-Poly1305; returns ciphertext and tag. OpenSSL has the
 * short nonce only, for which HChaCha20 makes the key out of the first 16 bytes
 * of the long one (draft-irtf-cfrg-xchacha-03, 2.3): one round of JavaScript,
 * and the rest native.
 */
export function sealXChaCha (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  if (plaintext.byteLength < NATIVE_FROM_BYTES) return new Uint8Array(xchacha20poly1305(key, nonce, aad).encrypt(plaintext))
  const cipher = createCipheriv(CONTENT_CIPHER, subkey(key, nonce), shortNonce(nonce), { authTagLength: TAG_BYTES }).setAAD(aad, { plaintextLength: plaintext.byteLength })
  const sealed = new Uint8Array(plaintext.byteLength + TAG_BYTES)
  sealed.set(cipher.update(plaintext))
  cipher.final()
  sealed.set(cipher.getAuthTag(), plaintext.byteLength)
  return sealed
}

/** Opens what `sealXChaCha` made; throws when it was altered. */
export function openXChaCha (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = sealed.byteLength - TAG_BYTES
  if (end < NATIVE_FROM_BYTES) return new Uint8Array(xchacha20poly1305(key, nonce, aad).decrypt(sealed))
  const decipher = createDecipheriv(CONTENT_CIPHER, subkey(key, nonce), shortNonce(nonce), { authTagLength: TAG_BYTES })
    .setAAD(aad, { plaintextLength: end }).setAuthTag(sealed.subarray(end))
  const plaintext = new Uint8Array(decipher.update(sealed.subarray(0, end)))
  // Throws where the tag is wrong: nothing of it is handed out before.
  decipher.final()
  return plaintext
}

/** Returns the key for one long nonce: an object, since raw bytes would be tested for what they are. */
function subkey (key: Uint8Array, nonce: Uint8Array): KeyObject {
  if (nonce.byteLength !== NONCE_BYTES) throw new InvalidArgumentError(`A nonce has ${NONCE_BYTES} bytes, not ${nonce.byteLength}`)
  const words = new Uint32Array(8)
  const own = wordsOf(key)
  // RFC 8439, 2.3.
  hchacha(wordsOf(Buffer.from('expand 32-byte k', 'latin1')), own, wordsOf(nonce.subarray(0, 16)), words)
  const made = createSecretKey(new Uint8Array(words.buffer))
  own.fill(0)
  words.fill(0)
  return made
}

/** Returns a copy as words in the machine's own order, as the library expects them. */
function wordsOf (bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(bytes.byteLength / 4)
  new Uint8Array(words.buffer).set(bytes)
  return words
}

function shortNonce (nonce: Uint8Array): Uint8Array {
  const short = new Uint8Array(12)
  short.set(nonce.subarray(16, 24), 4)
  return short
}
