import { verifyNatively } from '#ed25519'
import { verifyAsync } from '@noble/ed25519'
import { InvalidArgumentError } from '@parley/core'
import { KEY_BYTES } from './did.ts'

/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** The order of the base point, little-endian: a signature's second half is below it (RFC 8032, 5.1.7). */
const ORDER = Uint8Array.of(
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
)

const encoder = new TextEncoder()

/**
 * Verifies a plain Ed25519 signature by the one rule of Parley, ZIP 215
 * (https://zips.z.cash/zip-0215): any encoding of A and R that decodes, S below
 * the order, and the equation with the cofactor.
 *
 * Native code is asked first. What it accepts ZIP 215 accepts too; what it
 * refuses is decided by `@noble/ed25519`, since native implementations disagree
 * about crafted signatures and one such signature would split a log. A refusal
 * therefore costs a millisecond or more, some fifteen times an acceptance.
 */
export async function verifyEd25519 (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (publicKey.byteLength !== KEY_BYTES || signature.byteLength !== SIGNATURE_BYTES) return false
  if (!isBelowOrder(signature)) return false
  if (await verifyNatively(publicKey, message, signature)) return true
  return await verifyAsync(signature, message, publicKey, { zip215: true })
}

/**
 * Verifies that `publicKey` signed `body` for `context`: the signed bytes are
 * `parley/1/<context>`, a zero byte and the body, so that a signature made for
 * one purpose is worth nothing for another.
 */
export async function verifySignature (publicKey: Uint8Array, context: string, body: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return await verifyEd25519(publicKey, signedBytes(context, body), signature)
}

/** Returns the bytes that a signature of `body` for `context` covers. */
export function signedBytes (context: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  // A context with a zero byte in it could be mistaken for another one with a longer body.
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(context)) throw new InvalidArgumentError(`${JSON.stringify(context)} is no signature context: lower case letters, digits and hyphens`)
  const prefix = encoder.encode(`parley/1/${context}\0`)
  const bytes = new Uint8Array(prefix.byteLength + body.byteLength)
  bytes.set(prefix)
  bytes.set(body, prefix.byteLength)
  return bytes
}

function isBelowOrder (signature: Uint8Array): boolean {
  for (let index = KEY_BYTES - 1; index >= 0; index--) {
    const difference = (signature[KEY_BYTES + index] ?? 0) - (ORDER[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
