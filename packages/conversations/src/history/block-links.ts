import { decode } from '@ipld/dag-cbor'
import { CID, DAG_CBOR } from '@parley/core'

const DAG_PB = 0x70
const LINKS_FIELD = 2
const HASH_FIELD = 1
const LENGTH_DELIMITED = 2

/**
 * Returns the links of a block as any reader of IPLD finds them: those of
 * DAG-CBOR, and of DAG-PB, in which UnixFS keeps files. Raw bytes have none,
 * and what cannot be decoded neither.
 */
export function linksOf (cid: CID, bytes: Uint8Array): CID[] {
  try {
    if (cid.code === DAG_CBOR) return linksIn(decode(bytes))
    return cid.code === DAG_PB ? linksOfNode(bytes) : []
  } catch {
    return []
  }
}

function linksIn (value: unknown): CID[] {
  const link = CID.asCID(value)
  if (link !== null) return [link]
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(linksIn)
}

/** Reads the links of a PBNode (https://ipld.io/specs/codecs/dag-pb/spec/): of each the hash alone. */
function linksOfNode (bytes: Uint8Array): CID[] {
  const links: CID[] = []
  for (const [field, link] of fieldsOf(bytes)) {
    if (field !== LINKS_FIELD) continue
    for (const [part, hash] of fieldsOf(link)) if (part === HASH_FIELD) links.push(CID.decode(hash))
  }
  return links
}

/** Yields the length-delimited fields of a protobuf message; numbers are stepped over. */
function * fieldsOf (bytes: Uint8Array): Generator<[field: number, value: Uint8Array]> {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) {
    const key = readVarint(bytes, cursor)
    const length = readVarint(bytes, cursor)
    if (key % 8 !== LENGTH_DELIMITED) continue
    yield [Math.floor(key / 8), bytes.subarray(cursor.at, cursor.at + length)]
    cursor.at += length
  }
}

function readVarint (bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[cursor.at++] ?? 0
    value += (byte & 127) * factor
    if (byte < 128) return value
  }
}
