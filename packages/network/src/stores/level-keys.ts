import type { CID } from 'multiformats/cid'
import { concat, fromString, toString } from 'uint8arrays'

// One database holds both kinds, so that one batch can write both.
const DATA = 0x64 // d
const BLOCK = 0x62 // b

/** Above every byte that begins or continues a UTF-8 character. */
const AFTER_UTF8 = 0xff

/** Returns where the value of a datastore key is kept. */
export function dataKey (key: string): Uint8Array {
  return concat([Uint8Array.of(DATA), fromString(key)])
}

export function keyOfData (key: Uint8Array): string {
  return toString(key.subarray(1))
}

/** Returns the range of all datastore keys with this prefix. */
export function dataRange (prefix: string): { gte: Uint8Array, lt: Uint8Array } {
  const gte = dataKey(prefix)
  return { gte, lt: concat([gte, Uint8Array.of(AFTER_UTF8)]) }
}

/** Returns where a block is kept: by its multihash, whatever codec its CID names. */
export function blockKey (cid: CID): Uint8Array {
  return concat([Uint8Array.of(BLOCK), cid.multihash.bytes])
}

export function multihashOfBlock (key: Uint8Array): Uint8Array {
  return key.slice(1)
}

export const blockRange: { gte: Uint8Array, lt: Uint8Array } = { gte: Uint8Array.of(BLOCK), lt: Uint8Array.of(BLOCK + 1) }
