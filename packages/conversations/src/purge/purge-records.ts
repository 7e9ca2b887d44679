import { CID, bytesSchema, countSchema, createCodec, type Change, type Codec, type Store } from '@parley/core'
import * as z from 'zod/mini'

/** A conversation that is not to come back, or is on its way out. */
export interface PurgeRecord {
  v: 1
  /** Wall milliseconds. */
  at: number
  /** `purging` until nothing of it is left. */
  state: 'purging' | 'purged'
  /** Whether the person's other devices purge it as well. */
  everywhere: boolean
  /** Who could hold it, 32-byte keys: others are told what they would be told of any conversation. */
  access: Uint8Array[]
}

/** A person may have been in, of a conversation of many years, at most as often as who is in may be changed. */
const MAX_ACCESS = 4096
const MAX_BYTES = 256 * 1024
const PREFIX = '/conversations/purged/'
/** The collection of the home log in which purges for all devices of the person are. */
export const PURGED_COLLECTION = 'purged'
/** Who is named in a record of the home, which is small. */
export const MAX_HOME_ACCESS = 1024

const v = z.literal(1)
const key32 = bytesSchema({ exactBytes: 32 })
const codec: Codec<PurgeRecord> = createCodec<PurgeRecord>('mark of a purge', z.strictObject({
  v,
  at: countSchema(),
  state: z.enum(['purging', 'purged']),
  everywhere: z.boolean(),
  access: z.array(key32).check(z.maxLength(MAX_ACCESS))
}), { maxBytes: MAX_BYTES })

/** What the home log keeps of a purge. */
export type HomePurge = Pick<PurgeRecord, 'v' | 'at' | 'access'>

export const homePurgeCodec: Codec<HomePurge> = createCodec<HomePurge>('purge of the home', z.strictObject({
  v,
  at: countSchema(),
  access: z.array(key32).check(z.maxLength(MAX_HOME_ACCESS))
}), { maxBytes: 48 * 1024 })

const keyOf = (id: CID): string => PREFIX + id.toString()

export function putPurge (id: CID, record: PurgeRecord): Change {
  return { type: 'put', key: keyOf(id), value: codec.encode({ ...record, access: record.access.slice(0, MAX_ACCESS) }) }
}

export function deletePurge (id: CID): Change {
  return { type: 'delete', key: keyOf(id) }
}

export async function * storedPurges (store: Store): AsyncGenerator<{ id: CID, record: PurgeRecord }> {
  for await (const { key, value } of store.entries(PREFIX)) yield { id: CID.parse(key.slice(PREFIX.length)), record: codec.decode(value) }
}
