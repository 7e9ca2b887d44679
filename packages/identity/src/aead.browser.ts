import { Aes256Gcm } from '@hpke/core'

/** Creates the AEAD that sealing uses: AES-256-GCM of WebCrypto. */
export function createAead (): Aes256Gcm {
  return new Aes256Gcm()
}
