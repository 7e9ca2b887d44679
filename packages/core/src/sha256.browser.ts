import { sha256 as digest } from '@noble/hashes/sha2.js'

/** SHA-256 (FIPS 180-4) of `bytes`: 32 bytes. */
export function sha256 (bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(digest(bytes))
}
