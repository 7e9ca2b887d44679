import { bytesSchema, createCodec, type Codec } from '@parley/core'
import { MAX_CONTACT_CARD_BYTES, refusalDetailSchema, shownDeviceShape, wantedShape } from '@parley/identity'
import * as z from 'zod/mini'

/** One frame stream between a device that joins and one that is there. */
export const PAIRING_PROTOCOL = '/parley/pair/1'

/** What the composing layer may hand to a new device. */
export const MAX_WELCOME_BYTES = 64 * 1024

const KEY_BYTES = 32
const HASH_BYTES = 32
/** Tag of the sealed welcome, and what frames its two parts. */
const SEALED_BYTES = MAX_CONTACT_CARD_BYTES + MAX_WELCOME_BYTES + 128

const bytes32 = bytesSchema({ exactBytes: KEY_BYTES })

/** Why a side does not go on. */
export const REFUSALS = ['busy', 'spent', 'expired', 'unproven', 'mismatch', 'refused', 'failed'] as const
export type Refusal = typeof REFUSALS[number]

const helloShape = {
  v: z.literal(1),
  type: z.literal('hello'),
  /** SHA-256 of the pairing code. */
  code: bytesSchema({ exactBytes: HASH_BYTES }),
  commitment: bytesSchema({ exactBytes: HASH_BYTES }),
  ...shownDeviceShape
}
const newShape = { ...helloShape, side: z.literal('new'), ...wantedShape }
const existingShape = { ...helloShape, side: z.literal('existing'), person: bytes32 }
const proof = bytesSchema({ exactBytes: HASH_BYTES })

const helloBody = z.union([z.strictObject(newShape), z.strictObject(existingShape)])
const hello = z.union([z.strictObject({ ...newShape, proof }), z.strictObject({ ...existingShape, proof })])

/** What the dialling device says first, without its proof. */
export type HelloBody = z.infer<typeof helloBody>
export type Hello = z.infer<typeof hello>

const frame = z.union([
  hello,
  z.strictObject({ v: z.literal(1), type: z.literal('answer'), nonce: bytes32 }),
  z.strictObject({ v: z.literal(1), type: z.literal('reveal'), nonce: bytes32 }),
  z.strictObject({ v: z.literal(1), type: z.literal('confirm'), mac: bytesSchema({ exactBytes: HASH_BYTES }) }),
  z.strictObject({ v: z.literal(1), type: z.literal('welcome'), enc: bytes32, ct: bytesSchema({ maxBytes: SEALED_BYTES }) }),
  z.strictObject({ v: z.literal(1), type: z.literal('done'), mac: bytesSchema({ exactBytes: HASH_BYTES }) }),
  z.strictObject({ v: z.literal(1), type: z.literal('refuse'), reason: z.enum(REFUSALS), detail: refusalDetailSchema })
])

export type PairingFrame = z.infer<typeof frame>

export const pairingFrameCodec: Codec<PairingFrame> = createCodec('pairing frame', frame, { maxBytes: SEALED_BYTES + 256 })

/** What is proven to be said by somebody who read the code: a hello before its proof. */
export const helloBodyCodec: Codec<HelloBody> = createCodec('pairing hello', helloBody, { maxBytes: 16 * 1024 })

/** What the existing device seals to the new one. */
export const welcomeCodec: Codec<{ v: 1, card: Uint8Array<ArrayBuffer>, welcome: Uint8Array<ArrayBuffer> }> = createCodec('pairing welcome', z.strictObject({
  v: z.literal(1),
  card: bytesSchema({ maxBytes: MAX_CONTACT_CARD_BYTES }),
  welcome: bytesSchema({ maxBytes: MAX_WELCOME_BYTES })
}), { maxBytes: SEALED_BYTES - 16 })

/** Encodes a refusal; a detail that cannot be shown, or is too long, is left out. */
export function refusalFrame (reason: Refusal, detail = ''): Uint8Array<ArrayBuffer> {
  const shown = refusalDetailSchema.safeParse(detail).success ? detail : ''
  return pairingFrameCodec.encode({ v: 1, type: 'refuse', reason, detail: shown })
}
