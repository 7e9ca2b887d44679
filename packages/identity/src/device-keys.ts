import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Did } from './did.ts'
import { createSealingKey, type SealingKey } from './sealing.ts'
import { createSigner, type Signer } from './signer.ts'

/** The secrets of one device. */
export interface DeviceKeys {
  readonly did: Did
  readonly signer: Signer
  readonly sealing: SealingKey
  /** The 32-byte Ed25519 seed, which is also the device's libp2p key. */
  readonly seed: Uint8Array
  /** The 32-byte key under which the device keeps on its own disk what is sealed elsewhere: HKDF-SHA256 (RFC 5869) of the sealing secret, without salt, info `parley/1/storage`. */
  readonly storageKey: Uint8Array
}

/** Creates the keys of a device from two 32-byte secrets, which must be independent of each other. */
export async function createDeviceKeys ({ seed, sealingSecret }: { seed: Uint8Array, sealingSecret: Uint8Array }): Promise<DeviceKeys> {
  const signer = await createSigner(seed)
  return {
    did: signer.did,
    signer,
    sealing: await createSealingKey(sealingSecret),
    seed: seed.slice(),
    storageKey: hkdf(sha256, sealingSecret, undefined, new TextEncoder().encode('parley/1/storage'), 32)
  }
}
