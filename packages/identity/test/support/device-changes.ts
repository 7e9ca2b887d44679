import * as dagCbor from '@ipld/dag-cbor'
import { cidOf, encodeCanonical, sha256, type CID } from '@parley/core'
import { extendDeviceList, signBlock, type DeviceKeys, type DeviceList, type DeviceListChange, type Signer } from '@parley/identity'
import { compare, concat } from 'uint8arrays'
import { T0 } from './persons.ts'

/** A change made by hand, without the code under test but for its signature. */
export interface MadeChange { bytes: Uint8Array, cid: CID }

/** Signs any map as a change. */
export async function makeChange (signer: Signer, body: unknown, context = 'device-change'): Promise<MadeChange> {
  const bytes = await signBlock(signer, context, body)
  return { bytes, cid: cidOf(bytes) }
}

/** An entry of details and its hash. */
export function makeDetails (details: unknown, salt: Uint8Array = new Uint8Array(16).fill(7)): { entry: Uint8Array, hash: Uint8Array } {
  const entry = concat([salt, encodeCanonical(details)])
  return { entry, hash: sha256(entry) }
}

/** Encodes changes and details in the order in which they are given. */
export function encodeList (changes: MadeChange[], details: Uint8Array[], more: object = {}): Uint8Array {
  return encodeCanonical({ v: 1, changes: changes.map(({ bytes }) => bytes), details, ...more })
}

/** A change as any reader of DAG-CBOR sees it. */
export interface ReadChange {
  body: Record<string, unknown> & { parents: CID[], at: number }
  cid: string
  /** CIDs of everything it builds on. */
  past: Set<string>
  bytes: Uint8Array
}

/** Reads the changes of a list with the reader of others. */
export function readChanges (list: Uint8Array): ReadChange[] {
  const { changes } = dagCbor.decode<{ changes: Uint8Array[] }>(list)
  const pasts = new Map<string, Set<string>>()
  return changes.map(bytes => {
    const [body] = dagCbor.decode<[ReadChange['body']]>(bytes)
    const cid = cidOf(bytes).toString()
    const past = new Set(body.parents.flatMap(parent => [parent.toString(), ...pasts.get(parent.toString()) ?? []]))
    pasts.set(cid, past)
    return { body, cid, past, bytes }
  })
}

/** Extends a list a while after T0, with salts that depend on the time alone. */
export async function extend (signer: Signer | DeviceKeys, list: DeviceList, change: DeviceListChange, after: number): Promise<DeviceList> {
  const by = 'signer' in signer ? signer.signer : signer
  return await extendDeviceList(by, list, change, { at: T0 + after, random: length => sha256(encodeCanonical([after, by.did])).slice(0, length) })
}

/** Orders keys as lists do. */
export function byKey (keys: DeviceKeys[]): DeviceKeys[] {
  return [...keys].sort((a, b) => compare(a.signer.publicKey, b.signer.publicKey))
}
