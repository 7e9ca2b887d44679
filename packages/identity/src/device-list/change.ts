import { bytesSchema, cidOf, cidSchema, countSchema, createCodec, type CID } from '@parley/core'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'
import { byteKey } from '../byte-key.ts'
import { rolesSchema, sealingKeySchema } from '../device-record.ts'
import { KEY_BYTES } from '../did.ts'
import { SIGNATURE_BYTES } from '../signature.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from '../signed-block.ts'
import type { Signer } from '../signer.ts'
import { isAscending, textSchema } from '../text.ts'
import { MAX_DEVICES, MAX_DEVICE_LIST_BYTES, MAX_PARENTS } from './limits.ts'

export const CHANGE_CONTEXT = 'device-change'

const key = bytesSchema({ exactBytes: KEY_BYTES })
const nameSchema = textSchema({ max: 128 })

const recordSchema = z.strictObject({
  device: key,
  sealing: sealingKeySchema,
  roles: rolesSchema,
  /** Left out when it is the time of the change. */
  added: z.optional(countSchema()),
  expires: z.optional(countSchema()),
  details: bytesSchema({ exactBytes: 32 })
})

const beginSchema = z.strictObject({
  name: nameSchema,
  recovery: z.optional(sealingKeySchema),
  devices: z.array(recordSchema).check(
    z.maxLength(MAX_DEVICES),
    z.refine(devices => isAscending(devices, (a, b) => compare(a.device, b.device)), 'expected devices in the order of their keys, none twice')
  )
})

const successorSchema = z.strictObject({ person: key, proof: bytesSchema({ exactBytes: SIGNATURE_BYTES }) })

const VERBS = ['begin', 'put', 'revoke', 'erase', 'name', 'recovery', 'successor'] as const

/** What a change does. */
export type ChangeKind = typeof VERBS[number]

const schema = z.strictObject({
  v: z.literal(1),
  /** In the first change alone: the parents of every other lead to it. */
  person: z.optional(key),
  /** The admin device that signed; left out when the person did. */
  author: z.optional(key),
  parents: z.array(cidSchema).check(
    z.maxLength(MAX_PARENTS),
    z.refine(parents => isAscending(parents, compareCids), 'expected parents in ascending order, none twice')
  ),
  at: countSchema(),
  begin: z.optional(beginSchema),
  put: z.optional(recordSchema),
  revoke: z.optional(key),
  erase: z.optional(key),
  name: z.optional(nameSchema),
  recovery: z.optional(sealingKeySchema),
  successor: z.optional(successorSchema)
}).check(
  z.refine(body => VERBS.filter(verb => body[verb] !== undefined).length === 1, 'expected one thing to change'),
  z.refine(body => (body.begin !== undefined) === (body.parents.length === 0), 'expected parents exactly when this is not the first change'),
  z.refine(body => (body.begin !== undefined) === (body.person !== undefined), 'expected a person exactly when this is the first change'),
  z.refine(body => body.author === undefined || (body.begin ?? body.recovery ?? body.successor) === undefined, 'expected the person to sign this'),
  z.refine(body => recordsOf(body).every(({ added }) => added === undefined || added !== body.at), 'expected no time of adding that is the time of the change')
)

const codec = createCodec('device list', schema, { maxBytes: MAX_DEVICE_LIST_BYTES - SIGNED_OVERHEAD_BYTES })

/** A change as it is encoded. */
export type ChangeBody = z.infer<typeof schema>
/** A device as a change describes it, its details by their hash. */
export type ChangeRecord = z.infer<typeof recordSchema>

/** What a change says of one device. */
export interface NamedRecord {
  device: string
  record: ChangeRecord
}

/** A signed change. Devices and other changes are named by `byteKey` of their bytes. */
export interface DeviceChange {
  body: ChangeBody
  kind: ChangeKind
  /** The device that signed; absent when the person did. */
  author: string | undefined
  /** The device that is put, revoked or erased. */
  device: string | undefined
  /** What it says of devices: one for `put`, any number for `begin`. */
  records: NamedRecord[]
  parents: string[]
  cid: CID
  key: string
  bytes: Uint8Array
}

/** Decodes a change. Its signature is verified once it is known whose list it belongs to. */
export function decodeChange (bytes: Uint8Array): DeviceChange {
  const body = codec.decode(splitSigned('device list', bytes).body)
  const kind = VERBS.find(verb => body[verb] !== undefined) ?? 'begin'
  const device = body.put?.device ?? body.revoke ?? body.erase
  const cid = cidOf(bytes)
  return {
    body,
    kind,
    author: body.author === undefined ? undefined : byteKey(body.author),
    device: device === undefined ? undefined : byteKey(device),
    records: recordsOf(body).map(record => ({ device: byteKey(record.device), record })),
    parents: body.parents.map(parent => byteKey(parent.bytes)),
    cid,
    key: byteKey(cid.bytes),
    bytes
  }
}

/** Signs a change. @throws {InvalidBytesError} when it is none that anybody would decode */
export async function signChange (signer: Signer, body: ChangeBody): Promise<DeviceChange> {
  return decodeChange(await signBody(signer, CHANGE_CONTEXT, codec.encode(body)))
}

function recordsOf ({ put, begin }: { put?: ChangeRecord | undefined, begin?: { devices: ChangeRecord[] } | undefined }): ChangeRecord[] {
  return begin?.devices ?? (put === undefined ? [] : [put])
}

/** Orders CIDs by their bytes. */
export function compareCids (a: CID, b: CID): number {
  return compare(a.bytes, b.bytes)
}
