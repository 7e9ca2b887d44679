import { InvalidBytesError, encodeCanonical } from '@parley/core'
import { InvalidSignatureError } from './errors.ts'
import { SIGNATURE_BYTES, verifySignature } from './signature.ts'
import type { Signer } from './signer.ts'

// DAG-CBOR of `[body, signature]`: a list of two, whatever the body encodes
// to, and a byte string of 64. The frame is fixed, so the body is found
// without decoding and verified as it came, not as it would be encoded again.
const LIST_OF_TWO = 0x82
const SIGNATURE_HEAD = [0x58, SIGNATURE_BYTES] as const
const TAIL_BYTES = SIGNATURE_HEAD.length + SIGNATURE_BYTES
const MAJOR_TYPE_MAP = 5

/** How much a signed block is larger than its body. */
export const SIGNED_OVERHEAD_BYTES = 1 + TAIL_BYTES

/** The two parts of a signed block, as views of its bytes. */
export interface SignedParts {
  /** The body as it was encoded and signed; not decoded, not yet verified. */
  body: Uint8Array
  signature: Uint8Array
}

/** Encodes `body` canonically, signs it and returns the block. */
export async function signBlock (signer: Signer, context: string, body: unknown): Promise<Uint8Array<ArrayBuffer>> {
  return await signBody(signer, context, encodeCanonical(body))
}

/** Signs a body that is already encoded, for example by a codec that checked it, and returns the block. */
export async function signBody (signer: Signer, context: string, body: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const signature = await signer.sign(context, body)
  const block = new Uint8Array(body.byteLength + SIGNED_OVERHEAD_BYTES)
  block[0] = LIST_OF_TWO
  block.set(body, 1)
  block.set(SIGNATURE_HEAD, 1 + body.byteLength)
  block.set(signature, 1 + body.byteLength + SIGNATURE_HEAD.length)
  return block
}

/**
 * Finds body and signature in a signed block. Checks the frame only: the body
 * still has to be decoded, and the signature verified.
 *
 * @throws {InvalidBytesError}
 */
export function splitSigned (what: string, bytes: Uint8Array): SignedParts {
  const tail = bytes.byteLength - TAIL_BYTES
  const framed = tail > 1 && bytes[0] === LIST_OF_TWO && bytes[tail] === SIGNATURE_HEAD[0] && bytes[tail + 1] === SIGNATURE_HEAD[1]
  if (!framed) throw new InvalidBytesError(what, 'they are no signed block')
  if ((bytes[1] ?? 0) >> 5 !== MAJOR_TYPE_MAP) throw new InvalidBytesError(what, 'the signed body is no map')
  return { body: bytes.subarray(1, tail), signature: bytes.subarray(tail + SIGNATURE_HEAD.length) }
}

/**
 * Returns the raw body of a block that `publicKey` signed for `context`.
 *
 * @throws {InvalidBytesError} when it is no signed block
 * @throws {InvalidSignatureError} when somebody else signed it, for something else, or it was altered
 */
export async function verifySigned (what: string, context: string, publicKey: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const { body, signature } = splitSigned(what, bytes)
  if (!await verifySignature(publicKey, context, body, signature)) throw new InvalidSignatureError(what)
  return body
}
