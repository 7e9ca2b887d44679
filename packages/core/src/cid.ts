import { sha256 } from '#sha256'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

/** Multicodec code of DAG-CBOR. */
export const DAG_CBOR = 0x71
/** Multicodec code of raw bytes. */
export const RAW = 0x55
const SHA2_256 = 0x12

/** Returns the CIDv1 (SHA-256) of a block; `code` defaults to DAG-CBOR. */
export function cidOf (bytes: Uint8Array, code: number = DAG_CBOR): CID {
  return CID.createV1(code, create(SHA2_256, sha256(bytes)))
}

export { CID, sha256 }
