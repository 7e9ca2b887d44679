import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { createLru } from './lru.ts'

/** RFC 8410: everything of a PKCS #8 Ed25519 key that stands before its seed. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

// Parsing a key costs half as much as verifying with it. A pure cache: it
// changes how long an answer takes, never the answer.
const parsed = createLru<string, KeyObject>(4096)

/** A key that signs with the platform's own Ed25519. */
export interface NativeKey {
  publicKey: Uint8Array<ArrayBuffer>
  sign(message: Uint8Array): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
}

/** Parses a 32-byte seed once, for every later signature. */
export async function importSeed (seed: Uint8Array): Promise<NativeKey> {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return {
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    sign: message => new Uint8Array(sign(null, message, key))
  }
}

/** Tells what node:crypto thinks; false also where it refuses the key itself. */
export function verifyNatively (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean | Promise<boolean> {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString('base64url')
  try {
    let key = parsed.get(name)
    if (key === undefined) {
      key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: name }, format: 'jwk' })
      parsed.set(name, key)
    }
    return verify(null, message, key, signature)
  } catch {
    return false
  }
}
