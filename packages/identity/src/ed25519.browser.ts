import { getPublicKeyAsync, signAsync } from '@noble/ed25519'
import { concat, fromString, toString } from 'uint8arrays'
import { createLru } from './lru.ts'

/** RFC 8410: everything of a PKCS #8 Ed25519 key that stands before its seed. */
const PKCS8 = fromString('302e020100300506032b657004220420', 'hex')
const ALGORITHM = { name: 'Ed25519' }

// Parsing a key costs half as much as verifying with it. A pure cache: it
// changes how long an answer takes, never the answer.
const parsed = createLru<string, CryptoKey>(4096)

/** A key that signs with the platform's own Ed25519. */
export interface NativeKey {
  publicKey: Uint8Array<ArrayBuffer>
  sign(message: Uint8Array): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>
}

/** Parses a 32-byte seed once, for every later signature; falls back to JavaScript where WebCrypto has no Ed25519. */
export async function importSeed (seed: Uint8Array): Promise<NativeKey> {
  const publicKey = new Uint8Array(await getPublicKeyAsync(seed))
  try {
    const key = await crypto.subtle.importKey('pkcs8', concat([PKCS8, seed]), ALGORITHM, false, ['sign'])
    return {
      publicKey,
      sign: async message => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, message.slice()))
    }
  } catch {
    const kept = seed.slice()
    return { publicKey, sign: async message => new Uint8Array(await signAsync(message, kept)) }
  }
}

/** Tells what WebCrypto thinks; false also where it refuses the key itself or has no Ed25519. */
export async function verifyNatively (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const name = toString(publicKey, 'base64url')
  try {
    let key = parsed.get(name)
    if (key === undefined) {
      key = await crypto.subtle.importKey('raw', publicKey.slice(), ALGORITHM, true, ['verify'])
      parsed.set(name, key)
    }
    return await crypto.subtle.verify(ALGORITHM, key, signature.slice(), message.slice())
  } catch {
    return false
  }
}
