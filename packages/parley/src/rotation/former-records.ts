import { bytesSchema, createCodec, type Change, type Store } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import * as z from 'zod/mini'

/** A key that this device's person had before, and how far this device is with leaving it. */
export interface FormerRecord {
  person: Did
  /** This device signed the succession: it begins the new home log. */
  begins: boolean
  /** Contacts are due to be told. */
  told: boolean
  /** Of which state of the old home log the records were brought into the new one; empty for none. */
  brought: Uint8Array
}

const PREFIX = '/parley/former/'

const codec = createCodec('former key', z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: 32 }),
  begins: z.boolean(),
  told: z.boolean(),
  brought: bytesSchema({ maxBytes: 32 })
}), { maxBytes: 256 })

/** Returns what to write to keep a record. */
export function putFormer ({ person, begins, told, brought }: FormerRecord): Change {
  return { type: 'put', key: PREFIX + person, value: codec.encode({ v: 1, person: publicKeyFromDid(person).slice(), begins, told, brought: brought.slice() }) }
}

export async function getFormer (store: Store, person: Did): Promise<FormerRecord | undefined> {
  const value = await store.get(PREFIX + person)
  return value === undefined ? undefined : read(value)
}

/** Returns the former keys that this device knows of, in no particular order. */
export async function listFormer (store: Store): Promise<FormerRecord[]> {
  const records: FormerRecord[] = []
  for await (const { value } of store.entries(PREFIX)) records.push(read(value))
  return records
}

function read (value: Uint8Array): FormerRecord {
  const { person, begins, told, brought } = codec.decode(value)
  return { person: didFromPublicKey(person), begins, told, brought }
}
