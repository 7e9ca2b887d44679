import { OversizedBytesError, bytesSchema, cidOf, countSchema, createCodec, type CID } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { rolesOf, type DeviceList } from '../device-list.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { InvalidSignatureError } from '../errors.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from '../signed-block.ts'
import { verifySignature } from '../signature.ts'
import type { Signer } from '../signer.ts'
import { checkOwnFields, profileFieldsSchema, type ProfileFields, type Tier } from './profile-fields.ts'

const WHAT = 'profile'
const CONTEXT = 'profile'

/** The signed block of one tier is never larger. */
export const MAX_PROFILE_BLOCK_BYTES = 64 * 1024
/** How long a copy of a profile is good unless its person says otherwise. */
export const DEFAULT_PROFILE_LIFETIME_MS = 24 * 60 * 60 * 1000
const MAX_LIFETIME_MS = 90 * 24 * 60 * 60 * 1000

/** Which of two blocks of one tier is newer: wall milliseconds, and a counter within one. */
export interface ProfileVersion {
  wallMs: number
  counter: number
}

/** One tier of a profile, as a device of the person signed it. */
export interface ProfileBlock {
  person: Did
  /** The endpoint device that signed it. */
  author: Did
  tier: Tier
  version: ProfileVersion
  issued: number
  /** How long a copy is good after it was fetched. */
  lifetimeMs: number
  fields: ProfileFields
  /** The signed block, and the CID of it. */
  bytes: Uint8Array
  cid: CID
}

const codec = createCodec(WHAT, z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: KEY_BYTES }),
  author: bytesSchema({ exactBytes: KEY_BYTES }),
  tier: z.enum(['public', 'correspondents', 'contacts']),
  version: z.strictObject({ wallMs: countSchema(), counter: countSchema(0xffff_ffff) }),
  issued: countSchema(),
  lifetimeMs: countSchema(MAX_LIFETIME_MS),
  fields: profileFieldsSchema
}), { maxBytes: MAX_PROFILE_BLOCK_BYTES - SIGNED_OVERHEAD_BYTES })

/**
 * Signs one tier of a person's profile with one of their endpoint devices.
 *
 * @throws {InvalidArgumentError} when the time zone is none
 * @throws {InvalidBytesError | OversizedBytesError} when a field cannot be
 */
export async function createProfileBlock (device: Signer, { person, fields, lifetimeMs = DEFAULT_PROFILE_LIFETIME_MS, version, ...init }: Pick<ProfileBlock, 'person' | 'tier' | 'version' | 'issued' | 'fields'> & { lifetimeMs?: number | undefined }): Promise<ProfileBlock> {
  checkOwnFields(fields)
  const body = codec.encode({
    v: 1,
    ...init,
    person: publicKeyFromDid(person),
    author: publicKeyFromDid(device.did),
    version: { wallMs: version.wallMs, counter: version.counter },
    lifetimeMs,
    fields: withoutUndefined(fields)
  })
  return await decodeProfileBlock(await signBody(device, CONTEXT, body))
}

/**
 * Decodes a tier and verifies that the device it names signed it. Whether that
 * device speaks for the person is for `checkProfileAuthor` to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodeProfileBlock (bytes: Uint8Array): Promise<ProfileBlock> {
  if (bytes.byteLength > MAX_PROFILE_BLOCK_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_PROFILE_BLOCK_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const { v: _v, person, author, ...rest } = codec.decode(body)
  if (!await verifySignature(author, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  return { ...rest, person: didFromPublicKey(person), author: didFromPublicKey(author), bytes: own, cid: cidOf(own) }
}

/** @throws {InvalidSignatureError} when the author is no endpoint device of the person at that time, by this list */
export function checkProfileAuthor ({ person, author }: Pick<ProfileBlock, 'person' | 'author'>, list: DeviceList | undefined, at: number): void {
  if (list?.person === person && rolesOf(list, author, at).includes('endpoint')) return
  throw new InvalidSignatureError(WHAT, 'whoever signed it is no endpoint device of the person now')
}

/** Orders what one person signed: the newer one is greater, of two of one version the one with the greater CID; 0 when they are the same. */
export function compareProfiles (a: { version: ProfileVersion, cid: CID }, b: { version: ProfileVersion, cid: CID }): number {
  return a.version.wallMs - b.version.wallMs || a.version.counter - b.version.counter || compare(a.cid.bytes, b.cid.bytes)
}

function withoutUndefined (fields: ProfileFields): ProfileFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
