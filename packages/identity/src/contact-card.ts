import { InvalidArgumentError, InvalidBytesError, OversizedBytesError, bytesSchema, countSchema, createCodec } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { decodeDeviceList, rolesOf, type DeviceList } from './device-list.ts'
import { MAX_DEVICE_LIST_BYTES } from './device-list/limits.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { InvalidSignatureError } from './errors.ts'
import { bytesOfParleyUrl, parleyUrl } from './parley-url.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from './signed-block.ts'
import { verifySignature } from './signature.ts'
import type { Signer } from './signer.ts'
import { addressesSchema, isAscending } from './text.ts'

const WHAT = 'contact card'
const CONTEXT = 'contact-card'
const PATH = 'contact/1/'

/** A signed contact card is never larger. */
export const MAX_CONTACT_CARD_BYTES = 64 * 1024

/** Where a device can be dialled. */
export interface Route {
  device: Did
  /** Multiaddrs, with or without their closing `/p2p/…`. */
  addresses: string[]
}

/** Everything that is needed to reach a person: their devices, and where these are. */
export interface ContactCard {
  list: DeviceList
  routes: Route[]
  issued: number
  expires: number
  /** The device of the person that signed the card. */
  signer: Did
  bytes: Uint8Array
}

const schema = z.strictObject({
  v: z.literal(1),
  list: bytesSchema({ maxBytes: MAX_DEVICE_LIST_BYTES }),
  routes: z.array(z.strictObject({ device: bytesSchema({ exactBytes: KEY_BYTES }), addresses: addressesSchema })).check(
    z.maxLength(32),
    z.refine(routes => isAscending(routes, (a, b) => compare(a.device, b.device)), 'expected routes in the order of their devices, none twice')
  ),
  issued: countSchema(),
  expires: countSchema(),
  signer: bytesSchema({ exactBytes: KEY_BYTES })
}).check(
  z.refine(card => card.expires > card.issued, 'expected it to expire after it was issued')
)

const codec = createCodec(WHAT, schema, { maxBytes: MAX_CONTACT_CARD_BYTES - SIGNED_OVERHEAD_BYTES })

/**
 * Creates a contact card, signed by one of the person's devices.
 *
 * @throws {InvalidArgumentError} when that device, or one of the routes, is not on the list
 */
export async function createContactCard (device: Signer, { list, routes, issued, expires }: { list: DeviceList, routes: Route[], issued: number, expires: number }): Promise<ContactCard> {
  if (rolesOf(list, device.did, issued).length === 0) throw new InvalidArgumentError(`The device ${device.did} has no role on the device list and cannot sign a card of ${list.person}`)
  const stray = strayRoute(list, routes)
  if (stray !== undefined) throw new InvalidArgumentError(`The device ${stray} has a route but is not on the device list`)
  const body = codec.encode({
    v: 1,
    list: list.bytes.slice(),
    routes: routes.map(route => ({ device: publicKeyFromDid(route.device), addresses: route.addresses })).sort((a, b) => compare(a.device, b.device)),
    issued,
    expires,
    signer: publicKeyFromDid(device.did)
  })
  return await decodeContactCard(await signBody(device, CONTEXT, body))
}

/**
 * Decodes a contact card and verifies both signatures: the person's over the
 * device list, and over the card that of a device which had a role on the list
 * when the card was issued. Whether the card expired is for the caller to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodeContactCard (bytes: Uint8Array): Promise<ContactCard> {
  if (bytes.byteLength > MAX_CONTACT_CARD_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_CONTACT_CARD_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const wire = codec.decode(body)
  const list = await decodeDeviceList(wire.list)
  const signer = didFromPublicKey(wire.signer)
  if (rolesOf(list, signer, wire.issued).length === 0) throw new InvalidSignatureError(WHAT, 'whoever signed it was no device of the person')
  if (!await verifySignature(wire.signer, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  const routes = wire.routes.map(route => ({ device: didFromPublicKey(route.device), addresses: route.addresses }))
  if (strayRoute(list, routes) !== undefined) throw new InvalidBytesError(WHAT, 'it has a route to a device that is not on the device list')
  return { list, routes, issued: wire.issued, expires: wire.expires, signer, bytes: own }
}

/** Returns the card as a URL, `parley:contact/1/…`. */
export function contactUrl (card: Pick<ContactCard, 'bytes'>): string {
  return parleyUrl(PATH, card.bytes)
}

/**
 * Returns the card in a contact URL, verified; upper and lower case and white space do not matter.
 *
 * @throws {InvalidUrlError} when the text is none, and everything that `decodeContactCard` throws
 */
export async function parseContactUrl (text: string): Promise<ContactCard> {
  return await decodeContactCard(bytesOfParleyUrl('contact', PATH, text, MAX_CONTACT_CARD_BYTES))
}

function strayRoute (list: DeviceList, routes: Route[]): Did | undefined {
  return routes.find(route => !list.devices.some(record => record.device === route.device))?.device
}
