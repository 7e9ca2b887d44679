import { InvalidArgumentError, InvalidBytesError, OversizedBytesError, bytesSchema, cidOf, cidSchema, countSchema, createCodec, encodeCanonical, type CID, type RandomBytes } from '@parley/core'
import { compare, concat } from 'uint8arrays'
import * as z from 'zod/mini'
import { SEALED_OVERHEAD_BYTES, decryptContent, encryptContent } from '../content.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { InvalidSignatureError } from '../errors.ts'
import { sealTo, type SealingKey } from '../sealing.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from '../signed-block.ts'
import { verifySignature } from '../signature.ts'
import type { Signer } from '../signer.ts'
import { isAscending } from '../text.ts'
import { MAX_PROFILE_BLOCK_BYTES, decodeProfileBlock, type ProfileBlock, type ProfileVersion } from './profile-block.ts'
import { entitledTiers, type Tier } from './profile-fields.ts'

const WHAT = 'profile bundle'
const CONTEXT = 'profile-bundle'
const PURPOSE = 'profile-tiers'
const TAG_BYTES = 16

/** A signed bundle is never larger. */
export const MAX_PROFILE_BUNDLE_BYTES = 640 * 1024
/** At most so many devices are entitled to more than the public part. */
export const MAX_PROFILE_DEVICES = 2000
const MAX_CONTENT_BYTES = MAX_PROFILE_BLOCK_BYTES + SEALED_OVERHEAD_BYTES

/** A tier that not everybody may read. */
export type PrivateTier = Exclude<Tier, 'public'>

/** A tier as whoever keeps it has it. */
export interface SealedTier {
  tier: PrivateTier
  version: ProfileVersion
  /** The signed block, encrypted under the tier's key; null towards somebody who has this version already. */
  content: Uint8Array | null
}

/** The keys of the tiers to which one device is entitled, sealed to it. */
export interface TierCopy {
  tier: PrivateTier
  enc: Uint8Array
  ct: Uint8Array
}

/** What one device gets besides the public part: only what it may open. */
export interface SealedTiers {
  copy: TierCopy | null
  sealed: SealedTier[]
}

/** A whole profile as a proxy keeps it, without being able to read the private tiers. */
export interface ProfileBundle {
  person: Did
  author: Did
  version: ProfileVersion
  public: ProfileBlock
  sealed: Array<SealedTier & { content: Uint8Array }>
  copies: ReadonlyMap<Did, TierCopy>
  /** Blocks of photos that whoever keeps the bundle should have too. */
  photos: CID[]
  bytes: Uint8Array
  cid: CID
}

/** Somebody's device and the narrowest tier it may read. */
export interface EntitledDevice {
  device: Did
  sealing: Uint8Array
  tier: PrivateTier
}

/** What a device could open. */
export interface OpenedTiers {
  keys: Partial<Record<PrivateTier, Uint8Array>>
  blocks: Partial<Record<PrivateTier, ProfileBlock>>
}

export interface ProfileBundleInit {
  person: Did
  version: ProfileVersion
  blocks: Record<Tier, ProfileBlock>
  entitled: EntitledDevice[]
  /** The bundle before, and its keys: they go on being used for a tier to which nobody ceased to be entitled. */
  previous?: { copies: ProfileBundle['copies'], keys: OpenedTiers['keys'] } | undefined
  photos?: CID[]
}

const PRIVATE: readonly PrivateTier[] = entitledTiers('contacts')
const keySchema = bytesSchema({ exactBytes: KEY_BYTES })
const versionSchema = z.strictObject({ wallMs: countSchema(), counter: countSchema(0xffff_ffff) })
const tierSchema = z.enum(['correspondents', 'contacts'])

/** Checks the sealed keys of one device inside another format. */
export const tierCopySchema: z.ZodMiniType<TierCopy> = z.strictObject({ tier: tierSchema, enc: keySchema, ct: bytesSchema({ maxBytes: PRIVATE.length * KEY_BYTES + TAG_BYTES }) })
/** Checks a sealed tier inside another format. */
export const sealedTierSchema: z.ZodMiniType<SealedTier> = z.strictObject({ tier: tierSchema, version: versionSchema, content: z.nullable(bytesSchema({ maxBytes: MAX_CONTENT_BYTES })) })

const codec = createCodec(WHAT, z.strictObject({
  v: z.literal(1),
  person: keySchema,
  author: keySchema,
  version: versionSchema,
  public: bytesSchema({ maxBytes: MAX_PROFILE_BLOCK_BYTES }),
  sealed: z.array(z.strictObject({ tier: tierSchema, version: versionSchema, content: bytesSchema({ maxBytes: MAX_CONTENT_BYTES }) })).check(
    z.refine(sealed => sealed.length === PRIVATE.length && sealed.every(({ tier }, index) => tier === PRIVATE[index]), 'expected each private tier once, in order')
  ),
  copies: z.array(z.strictObject({ device: keySchema, tier: tierSchema, enc: keySchema, ct: bytesSchema({ maxBytes: PRIVATE.length * KEY_BYTES + TAG_BYTES }) })).check(
    z.maxLength(MAX_PROFILE_DEVICES),
    z.refine(copies => isAscending(copies, (a, b) => compare(a.device, b.device)), 'expected devices in the order of their keys, none twice')
  ),
  photos: z.array(cidSchema).check(z.maxLength(3))
}), { maxBytes: MAX_PROFILE_BUNDLE_BYTES - SIGNED_OVERHEAD_BYTES })

/**
 * Encrypts the private tiers, seals their keys to every entitled device and
 * signs the whole. A tier gets a new key as soon as a device that had the old
 * one is not entitled any more.
 *
 * @throws {InvalidArgumentError} for more than 2,000 devices
 */
export async function createProfileBundle ({ signer, random }: { signer: Signer, random: RandomBytes }, { person, version, blocks, entitled, previous, photos = [] }: ProfileBundleInit): Promise<ProfileBundle> {
  if (entitled.length > MAX_PROFILE_DEVICES) throw new InvalidArgumentError(`A profile is sealed to at most ${MAX_PROFILE_DEVICES} devices, not ${entitled.length}`)
  const keys = keysFor(entitled, previous, random)
  const copies = await Promise.all(entitled.map(async ({ device, sealing, tier }) => {
    const [copy] = await sealTo([{ device, sealing }], PURPOSE, concat(entitledTiers(tier).map(tier => keys[tier])), copyAad(person, device, tier))
    return { device: publicKeyFromDid(device), tier, enc: new Uint8Array(copy?.enc ?? []), ct: new Uint8Array(copy?.ct ?? []) }
  }))
  const body = codec.encode({
    v: 1,
    person: publicKeyFromDid(person),
    author: publicKeyFromDid(signer.did),
    version: { wallMs: version.wallMs, counter: version.counter },
    public: blocks.public.bytes.slice(),
    sealed: PRIVATE.map(tier => ({ tier, version: { ...blocks[tier].version }, content: encryptContent(keys[tier], blocks[tier].bytes, contentAad(person, tier), random) })),
    copies: copies.sort((a, b) => compare(a.device, b.device)),
    photos
  })
  return await decodeProfileBundle(await signBody(signer, CONTEXT, body))
}

/**
 * Decodes a bundle and verifies that the device it names signed it, and its
 * public part. What is sealed stays unread.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodeProfileBundle (bytes: Uint8Array): Promise<ProfileBundle> {
  if (bytes.byteLength > MAX_PROFILE_BUNDLE_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_PROFILE_BUNDLE_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const wire = codec.decode(body)
  if (!await verifySignature(wire.author, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  const person = didFromPublicKey(wire.person)
  const open = await decodeProfileBlock(wire.public)
  if (open.person !== person || open.tier !== 'public') throw new InvalidBytesError(WHAT, 'its public part is of somebody else, or of another tier')
  return {
    person,
    author: didFromPublicKey(wire.author),
    version: wire.version,
    public: open,
    sealed: wire.sealed,
    copies: new Map(wire.copies.map(({ device, ...copy }) => [didFromPublicKey(device), copy])),
    photos: wire.photos,
    bytes: own,
    cid: cidOf(own)
  }
}

/**
 * Returns what a device gets of a bundle: the public part, its own copy of the
 * keys, and the tiers that these open. Of what it `has` already only the version.
 */
export function answerFor (bundle: ProfileBundle, device: Did, has: Array<{ tier: Tier, version: ProfileVersion }> = []): SealedTiers & { public: Uint8Array | null } {
  const isKnown = (tier: Tier, { wallMs, counter }: ProfileVersion): boolean => has.some(known => known.tier === tier && known.version.wallMs === wallMs && known.version.counter === counter)
  const copy = bundle.copies.get(device) ?? null
  const tiers = copy === null ? [] : entitledTiers(copy.tier)
  return {
    public: isKnown('public', bundle.public.version) ? null : bundle.public.bytes,
    copy,
    sealed: bundle.sealed.filter(({ tier }) => tiers.includes(tier)).map(({ tier, version, content }) => ({ tier, version, content: isKnown(tier, version) ? null : content }))
  }
}

/**
 * Opens what is sealed to this device, and verifies that the tiers are the
 * person's and those they are said to be.
 *
 * @throws {UndecryptableError} when it is not for this device, or altered
 * @throws {InvalidBytesError | InvalidSignatureError}
 */
export async function openSealedTiers ({ did, sealing }: { did: Did, sealing: SealingKey }, person: Did, { copy, sealed }: SealedTiers): Promise<OpenedTiers> {
  const opened: OpenedTiers = { keys: {}, blocks: {} }
  if (copy === null) return opened
  const tiers = entitledTiers(copy.tier)
  const keys = await sealing.open(PURPOSE, copy, copyAad(person, did, copy.tier))
  if (keys.byteLength !== tiers.length * KEY_BYTES) throw new InvalidBytesError('sealed profile', 'its keys do not have the right length')
  for (const [index, tier] of tiers.entries()) {
    const key = keys.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES)
    opened.keys[tier] = key
    const found = sealed.find(entry => entry.tier === tier)
    if (found === undefined || found.content === null) continue
    const block = await decodeProfileBlock(decryptContent(key, found.content, contentAad(person, tier)))
    if (block.person !== person || block.tier !== tier) throw new InvalidBytesError('sealed profile', 'a tier is of somebody else, or another one than it is said to be')
    if (block.version.wallMs !== found.version.wallMs || block.version.counter !== found.version.counter) throw new InvalidBytesError('sealed profile', 'a tier is of another version than it is said to be')
    opened.blocks[tier] = block
  }
  return opened
}

/** Tells whether a bundle is sealed to exactly these devices, each for its tier. */
export function isSealedTo (bundle: Pick<ProfileBundle, 'copies'>, entitled: EntitledDevice[]): boolean {
  return bundle.copies.size === entitled.length && entitled.every(({ device, tier }) => bundle.copies.get(device)?.tier === tier)
}

function keysFor (entitled: EntitledDevice[], previous: ProfileBundleInit['previous'], random: RandomBytes): Record<PrivateTier, Uint8Array> {
  const now = new Map(entitled.map(({ device, tier }) => [device, entitledTiers(tier)]))
  const keyOf = (tier: PrivateTier): Uint8Array => {
    const known = previous?.keys[tier]
    if (known === undefined || previous === undefined) return random(KEY_BYTES)
    for (const [device, copy] of previous.copies) {
      if (entitledTiers(copy.tier).includes(tier) && now.get(device)?.includes(tier) !== true) return random(KEY_BYTES)
    }
    return known
  }
  return { correspondents: keyOf('correspondents'), contacts: keyOf('contacts') }
}

function copyAad (person: Did, device: Did, tier: PrivateTier): Uint8Array {
  return encodeCanonical({ v: 1, person: publicKeyFromDid(person), device: publicKeyFromDid(device), tier })
}

function contentAad (person: Did, tier: PrivateTier): Uint8Array {
  return encodeCanonical({ v: 1, person: publicKeyFromDid(person), tier })
}
