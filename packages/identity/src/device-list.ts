import { InvalidArgumentError, InvalidBytesError, OversizedBytesError, bytesSchema, cidOf, cidSchema, countSchema, createCodec, type CID } from '@parley/core'
import { compare, equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { fromWireRecord, toWireRecord, wireRecordSchema, type DeviceRecord, type Role } from './device-record.ts'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { InvalidSignatureError } from './errors.ts'
import { SIGNED_OVERHEAD_BYTES, signBody, splitSigned } from './signed-block.ts'
import { verifySignature } from './signature.ts'
import type { Signer } from './signer.ts'
import { isAscending, textSchema } from './text.ts'

const WHAT = 'device list'
const CONTEXT = 'device-list'
const MAX_DEVICES = 128

/** A signed device list is never larger. */
export const MAX_DEVICE_LIST_BYTES = 48 * 1024

/** The devices of a person, as the person signed them. */
export interface DeviceList {
  person: Did
  /** The name by which the person wants to be shown; may be empty. */
  name: string
  /** 0 for the first list, one more for each that follows. */
  sequence: number
  /** The list before this one; absent for the first. */
  previous?: CID
  issued: number
  /** In the order of their keys. */
  devices: DeviceRecord[]
  /** The signed block, and the CID of it. */
  bytes: Uint8Array
  cid: CID
}

const schema = z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: KEY_BYTES }),
  name: textSchema({ max: 128 }),
  sequence: countSchema(),
  previous: z.nullable(cidSchema),
  issued: countSchema(),
  devices: z.array(wireRecordSchema).check(
    z.maxLength(MAX_DEVICES),
    z.refine(devices => isAscending(devices, (a, b) => compare(a.device, b.device)), 'expected devices in the order of their keys, none twice')
  )
}).check(
  z.refine(list => (list.sequence === 0) === (list.previous === null), 'expected a previous list exactly when this is not the first')
)

const codec = createCodec(WHAT, schema, { maxBytes: MAX_DEVICE_LIST_BYTES - SIGNED_OVERHEAD_BYTES })

/** Creates a person's first device list. */
export async function createDeviceList (person: Signer, init: { name: string, devices: DeviceRecord[], issued: number }): Promise<DeviceList> {
  return await issue(person, { ...init, sequence: 0 })
}

/**
 * Creates the list that follows `list`. Records stay for good, since what a
 * device signed while it was on the list stays valid; `revoke` dates them.
 * Adding a device that is there already renews its record, but not its
 * beginning.
 *
 * @throws {InvalidArgumentError} when `person` is not whose list it is, or a device to revoke is unknown, or one to add was revoked
 */
export async function extendDeviceList (person: Signer, list: DeviceList, change: { add?: DeviceRecord[], revoke?: Did[], name?: string }, { at }: { at: number }): Promise<DeviceList> {
  if (person.did !== list.person) throw new InvalidArgumentError(`The device list of ${list.person} can only be signed by them`)
  const devices = new Map(list.devices.map(device => [device.device, device]))
  for (const added of change.add ?? []) {
    const known = devices.get(added.device)
    if (known?.revoked !== undefined) throw new InvalidArgumentError(`The device ${added.device} was revoked and needs a new key to come back`)
    devices.set(added.device, known === undefined ? added : { ...added, added: known.added })
  }
  for (const did of change.revoke ?? []) {
    const known = devices.get(did)
    if (known === undefined) throw new InvalidArgumentError(`The device ${did} is not on the list`)
    devices.set(did, { ...known, revoked: known.revoked ?? at })
  }
  return await issue(person, {
    name: change.name ?? list.name,
    sequence: list.sequence + 1,
    previous: list.cid,
    issued: at,
    devices: [...devices.values()]
  })
}

/**
 * Decodes a device list and verifies that the person it names signed it.
 *
 * @throws {OversizedBytesError | InvalidBytesError} when it is not one, or not in canonical form
 * @throws {InvalidSignatureError} when somebody else signed it
 */
export async function decodeDeviceList (bytes: Uint8Array): Promise<DeviceList> {
  if (bytes.byteLength > MAX_DEVICE_LIST_BYTES) throw new OversizedBytesError(WHAT, bytes.byteLength, MAX_DEVICE_LIST_BYTES)
  const own = bytes.slice()
  const { body, signature } = splitSigned(WHAT, own)
  const { person, previous, devices, name, sequence, issued } = codec.decode(body)
  if (!await verifySignature(person, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
  return {
    person: didFromPublicKey(person),
    name,
    sequence,
    ...(previous === null ? {} : { previous }),
    issued,
    devices: devices.map(fromWireRecord),
    bytes: own,
    cid: cidOf(own)
  }
}

/**
 * Returns what a device may do at a time: nothing when it is not on the list,
 * not yet added, expired or revoked. No clock skew is allowed for.
 */
export function rolesOf (list: DeviceList, device: Did, at: number): Role[] {
  const record = list.devices.find(record => record.device === device)
  if (record === undefined || at < record.added) return []
  if (record.expires !== undefined && at >= record.expires) return []
  if (record.revoked !== undefined && at >= record.revoked) return []
  return [...record.roles]
}

/**
 * Checks that a later list keeps what an earlier one of the same person said:
 * every device still there, begun at the same time, and revoked for good.
 *
 * @throws {InvalidBytesError}
 */
export function checkSuccessor (earlier: DeviceList, later: DeviceList): void {
  for (const before of earlier.devices) {
    const after = later.devices.find(record => record.device === before.device)
    if (after === undefined) throw new InvalidBytesError(WHAT, 'it drops a device instead of revoking it')
    if (after.added !== before.added) throw new InvalidBytesError(WHAT, 'it changes when a device was added')
    if (before.revoked === undefined) continue
    if (after.revoked !== before.revoked || !equals(after.sealing, before.sealing)) throw new InvalidBytesError(WHAT, 'it changes a device that was revoked')
  }
}

async function issue (person: Signer, list: Pick<DeviceList, 'name' | 'devices' | 'issued' | 'sequence' | 'previous'>): Promise<DeviceList> {
  const body = codec.encode({
    v: 1,
    person: publicKeyFromDid(person.did),
    name: list.name,
    sequence: list.sequence,
    previous: list.previous ?? null,
    issued: list.issued,
    devices: list.devices.map(toWireRecord).sort((a, b) => compare(a.device, b.device))
  })
  return await decodeDeviceList(await signBody(person, CONTEXT, body))
}
