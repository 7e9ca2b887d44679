import { LINK_BYTES } from '../format/cbor-reader.ts'
import type { ParsedAction } from '../format/parse-action.ts'

/** Returns the hashes of the actions that an action names as those before it. */
export function parentsOf ({ bytes, prevAt, headsAt, headCount }: ParsedAction): Uint8Array[] {
  const heads = Array.from({ length: headCount }, (_none, index) => headsAt + index * LINK_BYTES)
  return [...prevAt < 0 ? [] : [prevAt], ...heads].map(at => bytes.slice(at, at + 32))
}
