import { InvalidArgumentError, OversizedBytesError, bytesSchema, cidOf, countSchema, createCodec, type CID } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { rolesOf, type DeviceList } from './device-list.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { InvalidSignatureError } from './errors.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from './signed-block.ts'
import { verifySignature } from './signature.ts'
import type { Signer } from './signer.ts'
import { isAscending } from './text.ts'

const WHAT = 'policy'
const CONTEXT = 'policy'

/** A signed policy is never larger. */
export const MAX_POLICY_BYTES = 1_024_000
/** Each list of people in a policy holds at most so many. */
export const MAX_POLICY_PEOPLE = 10_000

/** What people the person does not know may do: leave a request, ring as well, or nothing. */
export type StrangerRule = 'requests' | 'ring' | 'refuse'

/** How much is kept of people the person does not know. */
export interface StrangerLimits {
  /** Messages of one stranger that may wait for an answer. @default 1 */
  requestsPerStranger: number
  /** Messages of all strangers together that may wait for an answer. @default 20 */
  requestsTotal: number
  /** Length of one of them. @default 60 */
  requestSeconds: number
  /** Size of one of them. @default 524288 */
  requestBytes: number
}

/** Which of two policies is newer: wall milliseconds, and a counter within one. */
export interface PolicyVersion {
  wallMs: number
  counter: number
}

/** What a person decides about others; whoever is in `blocked` is blocked, also when a contact. */
export interface PolicySettings {
  blocked: Did[]
  contacts: Did[]
  /** Strangers whose request was turned down: they may leave no other, and theirs takes nobody's place. */
  declined: Did[]
  strangers: StrangerRule
  limits: StrangerLimits
}

/** A person's policy, as one of their devices signed it. */
export interface Policy extends PolicySettings {
  person: Did
  /** The endpoint device that signed it. */
  author: Did
  version: PolicyVersion
  /** The signed block, and the CID of it. */
  bytes: Uint8Array
  cid: CID
}

/** What strangers may leave unless their person says otherwise. */
export const DEFAULT_STRANGER_LIMITS: Readonly<StrangerLimits> = { requestsPerStranger: 1, requestsTotal: 20, requestSeconds: 60, requestBytes: 512 * 1024 }

/** Returns the settings of a person who has decided nothing. */
export function defaultPolicySettings (): PolicySettings {
  return { blocked: [], contacts: [], declined: [], strangers: 'requests', limits: { ...DEFAULT_STRANGER_LIMITS } }
}

const keySchema = bytesSchema({ exactBytes: KEY_BYTES })
const peopleSchema = z.array(keySchema).check(
  z.maxLength(MAX_POLICY_PEOPLE),
  z.refine(keys => isAscending(keys, compare), 'expected persons in the order of their keys, none twice')
)

const schema = z.strictObject({
  v: z.literal(1),
  person: keySchema,
  author: keySchema,
  version: z.strictObject({ wallMs: countSchema(), counter: countSchema(0xffff_ffff) }),
  blocked: peopleSchema,
  contacts: peopleSchema,
  declined: peopleSchema,
  strangers: z.enum(['requests', 'ring', 'refuse']),
  limits: z.strictObject({
    requestsPerStranger: countSchema(100),
    requestsTotal: countSchema(10_000),
    requestSeconds: countSchema(6 * 3600),
    requestBytes: countSchema(256 * 1024 * 1024)
  })
}).check(
  z.refine(policy => !policy.blocked.some(key => compare(key, policy.person) === 0), 'expected a person not to block themselves')
)

const codec = createCodec(WHAT, schema, { maxBytes: MAX_POLICY_BYTES - SIGNED_OVERHEAD_BYTES })

/**
 * Signs a person's policy with one of their endpoint devices. Persons may come
 * in any order, also twice.
 *
 * @throws {InvalidArgumentError} when the person blocks themselves, or a list is too long
 * @throws {InvalidBytesError} when a limit is out of its range
 */
export async function createPolicy (device: Signer, { person, version, ...settings }: { person: Did, version: PolicyVersion } & Partial<PolicySettings>): Promise<Policy> {
  const { blocked, contacts, declined, strangers, limits } = { ...defaultPolicySettings(), ...settings }
  if (blocked.includes(person)) throw new InvalidArgumentError('Nobody can block themselves')
  const body = codec.encode({
    v: 1,
    person: publicKeyFromDid(person),
    author: publicKeyFromDid(device.did),
    version: { wallMs: version.wallMs, counter: version.counter },
    blocked: sorted(blocked),
    contacts: sorted(contacts),
    declined: sorted(declined),
    strangers,
    limits: { ...limits }
  })
  return await decodePolicy(await signBody(device, CONTEXT, body))
}

/**
 * Decodes a policy and verifies that the device it names signed it. Whether
 * that device speaks for the person is for `checkPolicyAuthor` to say.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function decodePolicy (bytes: Uint8Array): Promise<Policy> {
  if (bytes.byteLength > MAX_POLICY_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_POLICY_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const { v: _v, person, author, blocked, contacts, declined, ...rest } = codec.decode(body)
  if (!await verifySignature(author, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  return {
    ...rest,
    person: didFromPublicKey(person),
    author: didFromPublicKey(author),
    blocked: blocked.map(didFromPublicKey),
    contacts: contacts.map(didFromPublicKey),
    declined: declined.map(didFromPublicKey),
    bytes: own,
    cid: cidOf(own)
  }
}

/** @throws {InvalidSignatureError} when the policy's device is no endpoint of its person at that time, by this list */
export function checkPolicyAuthor (policy: Policy, list: DeviceList | undefined, at: number): void {
  if (list?.person === policy.person && rolesOf(list, policy.author, at).includes('endpoint')) return
  throw new InvalidSignatureError(WHAT, 'whoever signed it is no endpoint device of the person now')
}

/** Orders policies: the newer one is greater, of two of one version the one with the greater CID; 0 when they are the same. */
export function comparePolicies (a: Pick<Policy, 'version' | 'cid'>, b: Pick<Policy, 'version' | 'cid'>): number {
  return a.version.wallMs - b.version.wallMs || a.version.counter - b.version.counter || compare(a.cid.bytes, b.cid.bytes)
}

function sorted (people: Did[]): Uint8Array<ArrayBuffer>[] {
  const unique = [...new Set(people)]
  if (unique.length > MAX_POLICY_PEOPLE) throw new InvalidArgumentError(`A policy names at most ${MAX_POLICY_PEOPLE} people in each list, not ${unique.length}`)
  return unique.map(did => new Uint8Array(publicKeyFromDid(did))).sort(compare)
}
