import { hash } from 'node:crypto'

/** SHA-256 (FIPS 180-4) of `bytes`: 32 bytes. */
export function sha256 (bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The one-shot form costs a third less than a hash object, and small blocks are most of what is hashed.
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}
