import { expectBytes, readCount, readLength, takeBytes, type Cursor } from './cbor-reader.ts'
import { COUNT_LIMIT } from './limits.ts'
import { KEY } from './map-keys.ts'

const LIST_OF_TWO = 0x82

/** Tells whether a block that was checked is an action with sealed keys, by its first bytes: most are not, and need no more than that. */
export function carriesKeys (block: Uint8Array): boolean {
  if (block[0] !== LIST_OF_TWO) return false
  const cursor: Cursor = { bytes: block, at: 1 }
  readLength(cursor, 5, 13)
  expectBytes(cursor, KEY.v)
  cursor.at++
  expectBytes(cursor, KEY.seq)
  readCount(cursor, COUNT_LIMIT)
  return takeBytes(cursor, KEY.keys)
}
