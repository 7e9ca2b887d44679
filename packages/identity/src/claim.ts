import * as z from 'zod/mini'
import type { DeviceKeys } from './device-keys.ts'
import type { DeviceRecord, Role } from './device-record.ts'
import { createOfferCodes, offerShape, offerWire, offeredDevice, type OfferInit, type OfferedDevice } from './pairing/offer-code.ts'

/** A signed claim code is never larger. */
export const MAX_CLAIM_BYTES = 16 * 1024

/** What a proxy without an owner shows, so that somebody may take it on as theirs. */
export type Claim = OfferedDevice

const codes = createOfferCodes({
  what: 'claim code',
  noun: 'claim',
  context: 'delegation',
  path: 'proxy/1/',
  maxBytes: MAX_CLAIM_BYTES,
  schema: z.strictObject(offerShape).check(
    z.refine(claim => claim.expires > claim.issued, 'expected it to expire after it was issued')
  )
})

/** Creates a claim code, signed by the device it offers. */
export async function createClaim (keys: DeviceKeys, init: OfferInit): Promise<Claim> {
  return await decodeClaim(await codes.sign(keys, offerWire(keys, init)))
}

/**
 * Decodes a claim code and verifies that the device it offers signed it.
 * Whether it expired is for the caller to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodeClaim (bytes: Uint8Array): Promise<Claim> {
  const decoded = await codes.decode(bytes)
  return offeredDevice(decoded.wire, decoded.bytes)
}

/** Returns the claim code as a URL, `parley:proxy/1/…`. */
export function claimUrl (claim: Pick<Claim, 'bytes'>): string {
  return codes.url(claim.bytes)
}

/**
 * Returns the claim code in a URL, verified; upper and lower case and white space do not matter.
 *
 * @throws {InvalidUrlError} when the text is none, and everything that `decodeClaim` throws
 */
export async function parseClaimUrl (text: string): Promise<Claim> {
  const decoded = await codes.parse(text)
  return offeredDevice(decoded.wire, decoded.bytes)
}

/** Returns the record with which the claimed device is added to a device list. */
export function claimedDevice (claim: Claim, { at, roles = ['proxy'], capabilities = [] }: { at: number, /** @default ['proxy'] */ roles?: Role[], /** @default [] */ capabilities?: string[] }): DeviceRecord {
  return { device: claim.device, sealing: claim.sealing, name: claim.name, platform: claim.platform, roles, capabilities, added: at }
}
