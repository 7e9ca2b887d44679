import { importSeed } from '#ed25519'
import { InvalidArgumentError } from '@parley/core'
import { KEY_BYTES, didFromPublicKey, type Did } from './did.ts'
import { signedBytes } from './signature.ts'

/** Somebody who can sign: a person or a device. */
export interface Signer {
  readonly did: Did
  readonly publicKey: Uint8Array
  /** Returns the 64-byte Ed25519 signature over `parley/1/<context>`, a zero byte and `body`. */
  sign(context: string, body: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** Creates a signer from a 32-byte Ed25519 seed (RFC 8032); the key is parsed once. */
export async function createSigner (seed: Uint8Array): Promise<Signer> {
  if (seed.byteLength !== KEY_BYTES) throw new InvalidArgumentError(`An Ed25519 seed has ${KEY_BYTES} bytes, not ${seed.byteLength}`)
  const key = await importSeed(seed)
  return {
    did: didFromPublicKey(key.publicKey),
    publicKey: key.publicKey,
    sign: async (context, body) => await key.sign(signedBytes(context, body))
  }
}
