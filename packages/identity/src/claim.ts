import { OversizedBytesError, bytesSchema, countSchema, createCodec } from '@parley/core'
import * as z from 'zod/mini'
import type { DeviceKeys } from './device-keys.ts'
import { deviceNameSchema, sealingKeySchema, type DeviceRecord, type Role } from './device-record.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { InvalidSignatureError } from './errors.ts'
import { bytesOfParleyUrl, parleyUrl } from './parley-url.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from './signed-block.ts'
import { verifySignature } from './signature.ts'
import { addressesSchema, wordSchema } from './text.ts'

const WHAT = 'claim code'
const CONTEXT = 'delegation'
const PATH = 'proxy/1/'
const TOKEN_BYTES = 16

/** A signed claim code is never larger. */
export const MAX_CLAIM_BYTES = 16 * 1024

/** What a proxy without an owner shows, so that somebody may take it on as theirs. */
export interface Claim {
  device: Did
  sealing: Uint8Array
  name: string
  platform: string
  addresses: string[]
  /** 16 secret bytes: whoever shows them to the proxy has read the code. Works once. */
  token: Uint8Array
  issued: number
  expires: number
  bytes: Uint8Array
}

const schema = z.strictObject({
  v: z.literal(1),
  device: bytesSchema({ exactBytes: KEY_BYTES }),
  sealing: sealingKeySchema,
  name: deviceNameSchema,
  platform: wordSchema,
  addresses: addressesSchema,
  token: bytesSchema({ exactBytes: TOKEN_BYTES }),
  issued: countSchema(),
  expires: countSchema()
}).check(
  z.refine(claim => claim.expires > claim.issued, 'expected it to expire after it was issued')
)

const codec = createCodec(WHAT, schema, { maxBytes: MAX_CLAIM_BYTES - SIGNED_OVERHEAD_BYTES })

/** Creates a claim code, signed by the device it offers. */
export async function createClaim (keys: DeviceKeys, { name, platform, addresses, token, issued, expires }: Pick<Claim, 'name' | 'platform' | 'addresses' | 'token' | 'issued' | 'expires'>): Promise<Claim> {
  const body = codec.encode({
    v: 1,
    device: publicKeyFromDid(keys.did),
    sealing: keys.sealing.publicKey.slice(),
    name,
    platform,
    addresses,
    token: token.slice(),
    issued,
    expires
  })
  return await decodeClaim(await signBody(keys.signer, CONTEXT, body))
}

/**
 * Decodes a claim code and verifies that the device it offers signed it.
 * Whether it expired is for the caller to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodeClaim (bytes: Uint8Array): Promise<Claim> {
  if (bytes.byteLength > MAX_CLAIM_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_CLAIM_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const { v: _version, device, ...claim } = codec.decode(body)
  if (!await verifySignature(device, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  return { ...claim, device: didFromPublicKey(device), bytes: own }
}

/** Returns the claim code as a URL, `parley:proxy/1/…`. */
export function claimUrl (claim: Pick<Claim, 'bytes'>): string {
  return parleyUrl(PATH, claim.bytes)
}

/**
 * Returns the claim code in a URL, verified; upper and lower case and white space do not matter.
 *
 * @throws {InvalidUrlError} when the text is none, and everything that `decodeClaim` throws
 */
export async function parseClaimUrl (text: string): Promise<Claim> {
  return await decodeClaim(bytesOfParleyUrl('claim', PATH, text, MAX_CLAIM_BYTES))
}

/** Returns the record with which the claimed device is added to a device list. */
export function claimedDevice (claim: Claim, { at, roles = ['proxy'], capabilities = [] }: { at: number, /** @default ['proxy'] */ roles?: Role[], /** @default [] */ capabilities?: string[] }): DeviceRecord {
  return { device: claim.device, sealing: claim.sealing, name: claim.name, platform: claim.platform, roles, capabilities, added: at }
}
