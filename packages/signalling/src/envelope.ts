import { bytesSchema, createCodec, type Codec, type RandomBytes } from '@parley/core'
import { createAgreementKey, decryptContent, encryptContent, sealTo, type DeviceKeys, type Did } from '@parley/identity'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, equals, fromString } from 'uint8arrays'
import * as z from 'zod/mini'
import { MAX_SIGNAL_BYTES } from './signal.ts'

/** The largest envelope, in bytes. */
export const MAX_ENVELOPE_BYTES = 64 * 1024
/** Devices one envelope can be for; a delivery to more takes several. */
export const MAX_RECIPIENTS = 32

const HINT = fromString('parley/1/hint')
const HINT_BYTES = 8
/** HPKE purpose of the content key's copies. */
const PURPOSE = 'signal'
const KEY_BYTES = 32
const TAG_BYTES = 16
/** Nonce and tag of sealed content. */
const SEALED_OVERHEAD_BYTES = 40

const schema = z.strictObject({
  v: z.literal(1),
  eph: bytesSchema({ exactBytes: KEY_BYTES }),
  to: z.array(z.strictObject({
    hint: bytesSchema({ exactBytes: HINT_BYTES }),
    enc: bytesSchema({ exactBytes: KEY_BYTES }),
    ct: bytesSchema({ exactBytes: KEY_BYTES + TAG_BYTES })
  })).check(z.minLength(1), z.maxLength(MAX_RECIPIENTS)),
  body: bytesSchema({ maxBytes: MAX_SIGNAL_BYTES + SEALED_OVERHEAD_BYTES })
})

/** What travels over an inbox topic. */
export type Envelope = z.infer<typeof schema>

export const envelopeCodec: Codec<Envelope> = createCodec<Envelope>('signal envelope', schema, { maxBytes: MAX_ENVELOPE_BYTES })

/** A device to seal to. */
export interface Recipient { device: Did, publicKey: Uint8Array, sealing: Uint8Array }

/** Seals a signal block so that only `recipients` can read it, or see that it is for them. */
export async function sealEnvelope (components: { random: RandomBytes }, recipients: readonly Recipient[], block: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const ephemeral = await createAgreementKey(components.random(KEY_BYTES))
  const contentKey = components.random(KEY_BYTES)
  const eph = new Uint8Array(ephemeral.publicKey)
  const [copies, hints] = await Promise.all([
    sealTo([...recipients], PURPOSE, contentKey, eph),
    Promise.all(recipients.map(async ({ publicKey, sealing }) => hintFor(await ephemeral.agree(sealing), publicKey)))
  ])
  return envelopeCodec.encode({
    v: 1,
    eph,
    to: copies.map((copy, index) => ({ hint: hints[index] ?? new Uint8Array(HINT_BYTES), enc: new Uint8Array(copy.enc), ct: new Uint8Array(copy.ct) })),
    body: encryptContent(contentKey, block, eph, components.random)
  })
}

/**
 * Returns the signal block of an envelope, or undefined when it is for somebody
 * else, which costs one X25519.
 *
 * @throws {OversizedBytesError | InvalidBytesError} when it is no envelope
 * @throws {UndecryptableError} when it is for us and does not open
 */
export async function openEnvelope (device: DeviceKeys, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const envelope = envelopeCodec.decode(bytes)
  const hint = hintFor(await device.sealing.agree(envelope.eph), device.signer.publicKey)
  const copy = envelope.to.find(entry => equals(entry.hint, hint))
  if (copy === undefined) return undefined
  const contentKey = await device.sealing.open(PURPOSE, copy, envelope.eph)
  return decryptContent(contentKey, envelope.body, envelope.eph)
}

/** The first bytes of HMAC-SHA256 (RFC 2104) under a secret that only sender and recipient can compute. */
function hintFor (secret: Uint8Array, device: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hmac(sha256, secret, concat([HINT, device])).subarray(0, HINT_BYTES))
}
