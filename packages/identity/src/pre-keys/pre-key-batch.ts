import { OversizedBytesError, bytesSchema, countSchema, createCodec } from '@parley/core'
import { compare, equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { InvalidSignatureError } from '../errors.ts'
import { verifySignature } from '../signature.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from '../signed-block.ts'
import type { Signer } from '../signer.ts'
import { isAscending } from '../text.ts'
import { PRE_KEY_ID_BYTES, preKeySchema, signPreKey, type PreKey } from './pre-key.ts'

const WHAT = 'batch of pre-keys'
const CONTEXT = 'pre-keys'
/** A signed batch is never larger. */
export const MAX_PRE_KEY_BATCH_BYTES = 16_384
/** One-time keys of one batch. */
export const MAX_BATCH_PRE_KEYS = 100

/** One-time keys of a device, and the one for when they are used up, as it hands them to a proxy. */
export interface PreKeyBatch {
  person: Did
  device: Did
  /** 8 random bytes that stay the same while the device has its secrets: keys of another series are lost. */
  series: Uint8Array
  /** Grows by at least one with every batch of a series, whichever proxy it is for. */
  number: number
  issued: number
  /** In ascending order of their ids. */
  keys: PreKey[]
  lastResort: PreKey
  /** The signed block. */
  bytes: Uint8Array
}

/** A key that is not signed yet. */
export type UnsignedPreKey = Omit<PreKey, 'sig'>

const keySchema = bytesSchema({ exactBytes: KEY_BYTES })
const codec = createCodec(WHAT, z.strictObject({
  v: z.literal(1),
  person: keySchema,
  device: keySchema,
  series: bytesSchema({ exactBytes: PRE_KEY_ID_BYTES }),
  number: countSchema(0xffff_ffff),
  issued: countSchema(),
  keys: z.array(preKeySchema).check(
    z.maxLength(MAX_BATCH_PRE_KEYS),
    z.refine(keys => isAscending(keys.map(({ id }) => id), compare), 'expected keys in the order of their ids, none twice')
  ),
  lastResort: preKeySchema
}).check(
  z.refine(({ keys, lastResort }) => !keys.some(({ id }) => equals(id, lastResort.id)), 'expected an id of its own for the last resort')
), { maxBytes: MAX_PRE_KEY_BATCH_BYTES - SIGNED_OVERHEAD_BYTES })

/**
 * Signs keys, each by itself and all together. They may come in any order.
 *
 * @throws {InvalidBytesError} when they are too many, or an id stands twice
 */
export async function createPreKeyBatch (device: Signer, { person, series, number, issued, keys, lastResort }: Pick<PreKeyBatch, 'person' | 'series' | 'number' | 'issued'> & { keys: UnsignedPreKey[], lastResort: UnsignedPreKey }): Promise<PreKeyBatch> {
  const body = codec.encode({
    v: 1,
    person: publicKeyFromDid(person),
    device: publicKeyFromDid(device.did),
    series: new Uint8Array(series),
    number,
    issued,
    keys: await Promise.all([...keys].sort((a, b) => compare(a.id, b.id)).map(async key => await signPreKey(device, { person, isLastResort: false }, key))),
    lastResort: await signPreKey(device, { person, isLastResort: true }, lastResort)
  })
  return await decodePreKeyBatch(await signBody(device, CONTEXT, body))
}

/**
 * Decodes a batch and verifies that the device it names signed it. The keys'
 * own signatures are for those who seal to them (`verifyPreKey`), and whether
 * the device is the person's is for the device list to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodePreKeyBatch (bytes: Uint8Array): Promise<PreKeyBatch> {
  if (bytes.byteLength > MAX_PRE_KEY_BATCH_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_PRE_KEY_BATCH_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const { v: _v, person, device, ...rest } = codec.decode(body)
  if (!await verifySignature(device, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  return { ...rest, person: didFromPublicKey(person), device: didFromPublicKey(device), bytes: own }
}
