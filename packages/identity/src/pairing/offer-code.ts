import { OversizedBytesError, bytesSchema, countSchema, createCodec, type Schema } from '@parley/core'
import * as z from 'zod/mini'
import type { DeviceKeys } from '../device-keys.ts'
import { deviceNameSchema, sealingKeySchema } from '../device-record.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { InvalidSignatureError } from '../errors.ts'
import { bytesOfParleyUrl, parleyUrl } from '../parley-url.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from '../signed-block.ts'
import { verifySignature } from '../signature.ts'
import { addressesSchema, wordSchema } from '../text.ts'

/** Length of the secret that whoever reads an offer code learns. */
export const TOKEN_BYTES = 16

/** What every offer code says: a device, where it can be dialled, and a token that is good for a while. */
export interface OfferedDevice {
  device: Did
  sealing: Uint8Array
  name: string
  platform: string
  addresses: string[]
  /** 16 secret bytes: whoever knows them has read the code. Works once. */
  token: Uint8Array
  issued: number
  expires: number
  bytes: Uint8Array
}

/** What whoever offers a device chooses; the keys are the device's. */
export type OfferInit = Pick<OfferedDevice, 'name' | 'platform' | 'addresses' | 'token' | 'issued' | 'expires'>

/** The fields that every offer code has, for the schema of one kind. */
export const offerShape = {
  v: z.literal(1),
  device: bytesSchema({ exactBytes: KEY_BYTES }),
  sealing: sealingKeySchema,
  name: deviceNameSchema,
  platform: wordSchema,
  addresses: addressesSchema,
  token: bytesSchema({ exactBytes: TOKEN_BYTES }),
  issued: countSchema(),
  expires: countSchema()
}

const offerSchema = z.strictObject(offerShape)

/** The encoded form of the fields that every offer code has. */
export type OfferWire = z.infer<typeof offerSchema>

/** Returns the encoded form of what every offer code says. */
export function offerWire (keys: DeviceKeys, { name, platform, addresses, token, issued, expires }: OfferInit): OfferWire {
  return {
    v: 1,
    device: publicKeyFromDid(keys.did),
    sealing: keys.sealing.publicKey.slice(),
    name,
    platform,
    addresses,
    token: token.slice(),
    issued,
    expires
  }
}

/** Returns what every offer code says, from its encoded form. */
export function offeredDevice ({ device, sealing, name, platform, addresses, token, issued, expires }: OfferWire, bytes: Uint8Array): OfferedDevice {
  return { device: didFromPublicKey(device), sealing, name, platform, addresses, token, issued, expires, bytes }
}

/** One kind of code that a device shows and signs. */
export interface OfferCodes<Wire extends OfferWire> {
  sign(keys: DeviceKeys, wire: Wire): Promise<Uint8Array<ArrayBuffer>>
  /** Verifies that the device it offers signed it. @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError} */
  decode(bytes: Uint8Array): Promise<{ wire: Wire, bytes: Uint8Array }>
  url(bytes: Uint8Array): string
  /** @throws {InvalidUrlError} when the text is none, and what `decode` throws */
  parse(text: string): Promise<{ wire: Wire, bytes: Uint8Array }>
}

/**
 * Creates one kind of offer code: `what` it is called, the `context` it is
 * signed for, the `path` of its URL, `noun` for what the URL is, and `schema`
 * over the fields of `offerShape` and its own.
 */
export function createOfferCodes<Wire extends OfferWire> ({ what, noun, context, path, maxBytes, schema }: { what: string, noun: string, context: string, path: string, maxBytes: number, schema: Schema<Wire> }): OfferCodes<Wire> {
  const codec = createCodec(what, schema, { maxBytes: maxBytes - SIGNED_OVERHEAD_BYTES })
  const decode = async (bytes: Uint8Array): Promise<{ wire: Wire, bytes: Uint8Array }> => {
    if (bytes.byteLength > maxBytes) throw new OversizedBytesError(what, bytes.byteLength, maxBytes)
    const own = bytes.slice()
    const { body, signature } = splitSigned(what, own)
    const wire = codec.decode(body)
    if (!await verifySignature(wire.device, context, body, signature)) throw new InvalidSignatureError(what)
    return { wire, bytes: own }
  }
  return {
    decode,
    sign: async (keys, wire) => await signBody(keys.signer, context, codec.encode(wire)),
    url: bytes => parleyUrl(path, bytes),
    parse: async text => await decode(bytesOfParleyUrl(noun, path, text, maxBytes))
  }
}
