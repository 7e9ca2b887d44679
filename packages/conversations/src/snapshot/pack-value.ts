import { CID } from '@parley/core'
import { fromString, toString } from 'uint8arrays'

/** What JSON can say. */
export type Packed = string | number | boolean | null | Packed[] | { [key: string]: Packed }

/**
 * Returns a value of a state as JSON can say it: CIDs, bytes and what has keys
 * that would look like them are wrapped. For our own disk alone, where JSON is
 * read several times faster than DAG-CBOR.
 */
export function pack (value: unknown): Packed {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // JSON has no infinities and no NaN; nor have states.
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(pack)
  if (value instanceof Uint8Array) return { $b: toString(value, 'base64') }
  const cid = CID.asCID(value)
  if (cid !== null) return { $c: toString(cid.bytes, 'base64') }
  const entries = Object.entries(value as object).filter(([, field]) => field !== undefined).map(([key, field]): [string, Packed] => [key, pack(field)])
  return entries.some(([key]) => key.startsWith('$') || key === '__proto__') ? { $o: entries } : Object.fromEntries(entries)
}

/** Returns what `pack` was given. */
export function unpack (value: Packed): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(unpack)
  if (typeof value['$b'] === 'string') return fromString(value['$b'], 'base64')
  if (typeof value['$c'] === 'string') return CID.decode(fromString(value['$c'], 'base64'))
  const entries = Array.isArray(value['$o']) ? value['$o'] as Array<[string, Packed]> : Object.entries(value)
  return Object.fromEntries(entries.map(([key, field]) => [key, unpack(field)]))
}
