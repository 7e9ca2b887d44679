import { sha256, type CID } from '@parley/core'
import { equals } from 'uint8arrays'

const SHA2_256 = 0x12

/** Larger blocks are none that IPFS nodes exchange, or that anything here makes. */
export const MAX_CAR_BLOCK_BYTES = 4 * 1024 * 1024

/** Tells whether bytes are those that a CID names. Other hash functions than SHA-256 are used by nothing here and vouch for nothing. */
export function isIntact ({ multihash: { code, digest } }: CID, bytes: Uint8Array): boolean {
  return code === SHA2_256 && bytes.byteLength <= MAX_CAR_BLOCK_BYTES && equals(sha256(bytes), digest)
}
