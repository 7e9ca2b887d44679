import { Aes256Gcm } from '@hpke/core'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'

/** Creates the AEAD that sealing uses: AES-256-GCM of WebCrypto. */
export function createAead (): Aes256Gcm {
  return new Aes256Gcm()
}

/** Seals with XChaCha20-Poly1305, which browsers have not; returns ciphertext and tag. */
export function sealXChaCha (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(xchacha20poly1305(key, nonce, aad).encrypt(plaintext))
}

/** Opens what `sealXChaCha` made; throws when it was altered. */
export function openXChaCha (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(xchacha20poly1305(key, nonce, aad).decrypt(sealed))
}
