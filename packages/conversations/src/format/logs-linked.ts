import { DAG_CBOR, type CID } from '@parley/core'
import { cidOfHash } from '../log/stored-action.ts'
import { LINK_BYTES } from './cbor-reader.ts'
import type { ParsedAction } from './parse-action.ts'

/** Returns the blocks of DAG-CBOR that an action names in clear as belonging to it. */
export function logsLinkedBy ({ bytes, linksAt, linkCount }: Pick<ParsedAction, 'bytes' | 'linksAt' | 'linkCount'>): CID[] {
  const places = Array.from({ length: linkCount }, (_none, index) => linksAt + index * LINK_BYTES)
  // The codec stands three bytes before the hash.
  return places.filter(at => bytes[at - 3] === DAG_CBOR).map(at => cidOfHash(bytes.slice(at, at + 32)))
}
