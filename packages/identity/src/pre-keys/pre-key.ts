import { InvalidBytesError, bytesSchema, countSchema, encodeCanonical } from '@parley/core'
import * as z from 'zod/mini'
import { KEY_BYTES, publicKeyFromDid, type Did } from '../did.ts'
import { InvalidSignatureError } from '../errors.ts'
import { SIGNATURE_BYTES, verifySignature } from '../signature.ts'
import type { Signer } from '../signer.ts'
import { isLowOrder } from '../x25519.ts'

const WHAT = 'pre-key'
const CONTEXT = 'pre-key'
export const PRE_KEY_ID_BYTES = 8

/** An X25519 key of a device to which others seal instead of to its long-term key, as the device signed it. */
export interface PreKey {
  /** Random, 8 bytes: names the key to the device that has its secret. */
  id: Uint8Array
  /** 32 bytes. */
  key: Uint8Array
  /** Wall milliseconds from which on nobody seals to it. */
  expires: number
  /** By the device, over the key and everything it stands with; 64 bytes. */
  sig: Uint8Array
}

/** Whose key it is, and of which kind. */
export interface PreKeyOrigin {
  person: Did
  device: Did
  /** Whether it is given to everybody when the device's one-time keys are used up. */
  isLastResort: boolean
}

/** Checks a pre-key inside another format. */
export const preKeySchema: z.ZodMiniType<PreKey> = z.strictObject({
  id: bytesSchema({ exactBytes: PRE_KEY_ID_BYTES }),
  key: bytesSchema({ exactBytes: KEY_BYTES }),
  expires: countSchema(),
  sig: bytesSchema({ exactBytes: SIGNATURE_BYTES })
})

/** Signs a key by itself, since it leaves its batch alone. */
export async function signPreKey (device: Signer, { person, isLastResort }: Omit<PreKeyOrigin, 'device'>, { id, key, expires }: Omit<PreKey, 'sig'>): Promise<PreKey> {
  return { id, key, expires, sig: await device.sign(CONTEXT, statementOf({ person, device: device.did, isLastResort }, { id, key, expires })) }
}

/**
 * Verifies that the device it is said to be of signed a key. Whether the
 * device is the person's is for the device list to say.
 *
 * @throws {InvalidBytesError} when nobody could open what is sealed to it
 * @throws {InvalidSignatureError}
 */
export async function verifyPreKey (origin: PreKeyOrigin, preKey: PreKey): Promise<void> {
  if (isLowOrder(preKey.key)) throw new InvalidBytesError(WHAT, 'nothing can be sealed to it')
  if (!await verifySignature(publicKeyFromDid(origin.device), CONTEXT, statementOf(origin, preKey), preKey.sig)) throw new InvalidSignatureError(WHAT)
}

/** What is signed does not travel: whoever verifies puts it together from what they asked for. */
function statementOf ({ person, device, isLastResort }: PreKeyOrigin, { id, key, expires }: Omit<PreKey, 'sig'>): Uint8Array {
  return encodeCanonical({ v: 1, id, key, person: publicKeyFromDid(person), device: publicKeyFromDid(device), expires, lastResort: isLastResort })
}
