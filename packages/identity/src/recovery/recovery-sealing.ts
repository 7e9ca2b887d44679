import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { InvalidArgumentError } from '@parley/core'
import { KEY_BYTES } from '../did.ts'
import { createSealingKey, type SealingKey } from '../sealing.ts'

const INFO = new TextEncoder().encode('parley/1/recovery-sealing')

/**
 * Returns the key to which is sealed what a person must be able to read after
 * every device is lost: X25519 from HKDF-SHA256 (RFC 5869) of the person's
 * seed, without salt, info `parley/1/recovery-sealing`.
 */
export async function recoverySealingOf (seed: Uint8Array): Promise<SealingKey> {
  if (seed.byteLength !== KEY_BYTES) throw new InvalidArgumentError(`The seed of a person has ${KEY_BYTES} bytes, not ${seed.byteLength}`)
  return await createSealingKey(hkdf(sha256, seed, undefined, INFO, KEY_BYTES))
}
