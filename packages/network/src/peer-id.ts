import { InvalidArgumentError } from '@parley/core'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** Returns the libp2p private key of a device's 32-byte Ed25519 seed. */
export async function privateKeyFromSeed (seed: Uint8Array): Promise<Ed25519PrivateKey> {
  if (seed.byteLength !== 32) throw new InvalidArgumentError(`A device seed has 32 bytes, not ${seed.byteLength}`)
  return await generateKeyPairFromSeed('Ed25519', seed)
}

/** Returns the peer id that a node with this 32-byte Ed25519 seed has. */
export async function peerIdFromSeed (seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await privateKeyFromSeed(seed)).toString()
}
