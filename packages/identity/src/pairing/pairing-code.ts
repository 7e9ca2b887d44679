import { bytesSchema } from '@parley/core'
import * as z from 'zod/mini'
import type { DeviceKeys } from '../device-keys.ts'
import { ROLES, type Role } from '../device-record.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { compareText, isAscending, textSchema, wordSchema } from '../text.ts'
import { createOfferCodes, offerShape, offerWire, offeredDevice, type OfferInit, type OfferedDevice } from './offer-code.ts'

/** A signed pairing code is never larger. */
export const MAX_PAIRING_CODE_BYTES = 16 * 1024

/** A pairing code is scanned at once; one that lies about must not open a person's devices the day after. */
export const MAX_PAIRING_LIFETIME_MS = 60 * 60 * 1000

/** Which of the two devices somebody is: the one that joins, or one that is on the person's list and may change it. */
export type PairingSideName = 'new' | 'existing'

/** What a device that joins asks for. */
export interface WantedRoles {
  roles: Role[]
  capabilities: string[]
}

/** What one device shows so that another can be paired with it. */
export type PairingCode = OfferedDevice & (
  | { side: 'new' } & WantedRoles
  /** `person` is who the new device will belong to. */
  | { side: 'existing', person: Did }
)

/** What a device says of its side in a pairing code. */
export type PairingCodeInit = OfferInit & (
  | { side: 'new' } & WantedRoles
  | { side: 'existing', person: Did }
)

/** The roles and capabilities a device asks for, as they are encoded: in order, none twice. */
export const wantedShape = {
  roles: z.array(z.enum(ROLES)).check(
    z.minLength(1),
    z.refine(roles => isAscending(roles, compareText), 'expected roles in order, none twice')
  ),
  capabilities: z.array(wordSchema).check(
    z.maxLength(32),
    z.refine(words => isAscending(words, compareText), 'expected capabilities in order, none twice')
  )
}

/** What is shown of a device before it is on a list: checked like what is on one, since people read it. */
export const shownDeviceShape = {
  device: offerShape.device,
  sealing: offerShape.sealing,
  name: offerShape.name,
  platform: offerShape.platform
}

/** Why somebody refused, in words that may be shown. */
export const refusalDetailSchema: z.ZodMiniType<string> = textSchema({ max: 256 })

const codes = createOfferCodes({
  what: 'pairing code',
  noun: 'pairing',
  context: 'pairing',
  path: 'pair/1/',
  maxBytes: MAX_PAIRING_CODE_BYTES,
  schema: z.union([
    z.strictObject({ ...offerShape, side: z.literal('new'), ...wantedShape }),
    z.strictObject({ ...offerShape, side: z.literal('existing'), person: bytesSchema({ exactBytes: KEY_BYTES }) })
  ]).check(
    z.refine(code => code.expires > code.issued && code.expires - code.issued <= MAX_PAIRING_LIFETIME_MS, 'expected it to expire within an hour of being issued')
  )
})

type Wire = Awaited<ReturnType<typeof codes.decode>>['wire']

/** Returns what a device asks for in the order in which it is encoded and compared. */
export function inOrder ({ roles, capabilities }: WantedRoles): WantedRoles {
  return { roles: [...new Set(roles)].sort(compareText), capabilities: [...new Set(capabilities)].sort(compareText) }
}

/** Creates a pairing code, signed by the device that shows it. */
export async function createPairingCode (keys: DeviceKeys, init: PairingCodeInit): Promise<PairingCode> {
  const offer = offerWire(keys, init)
  const wire: Wire = init.side === 'new'
    ? { ...offer, side: 'new', ...inOrder(init) }
    : { ...offer, side: 'existing', person: publicKeyFromDid(init.person) }
  return await decodePairingCode(await codes.sign(keys, wire))
}

/**
 * Decodes a pairing code and verifies that the device that shows it signed it.
 * Whether it expired is for the caller to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodePairingCode (bytes: Uint8Array): Promise<PairingCode> {
  const decoded = await codes.decode(bytes)
  return fromWire(decoded.wire, decoded.bytes)
}

/** Returns the pairing code as a URL, `parley:pair/1/…`. */
export function pairingUrl (code: Pick<PairingCode, 'bytes'>): string {
  return codes.url(code.bytes)
}

/**
 * Returns the pairing code in a URL, verified; upper and lower case and white space do not matter.
 *
 * @throws {InvalidUrlError} when the text is none, and everything that `decodePairingCode` throws
 */
export async function parsePairingUrl (text: string): Promise<PairingCode> {
  const decoded = await codes.parse(text)
  return fromWire(decoded.wire, decoded.bytes)
}

function fromWire (wire: Wire, bytes: Uint8Array): PairingCode {
  const offered = offeredDevice(wire, bytes)
  return wire.side === 'new'
    ? { ...offered, side: 'new', roles: wire.roles, capabilities: wire.capabilities }
    : { ...offered, side: 'existing', person: didFromPublicKey(wire.person) }
}
