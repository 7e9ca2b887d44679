import type { AbortOptions, CID } from '@parley/core'
import { CID as Cid } from '@parley/core'
import { LINK_BYTES } from '../format/cbor-reader.ts'
import { keyName } from '../format/key-name.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import { linksOf } from './block-links.ts'
import { isIntact } from './check-block.ts'

const CID_BYTES = 36

/** Returns the blocks that an action names as belonging to it. */
export function attachmentsOf ({ bytes, linksAt, linkCount }: ParsedAction): CID[] {
  return Array.from({ length: linkCount }, (_none, index) => {
    // The hash is the end of the CID.
    const end = linksAt + index * LINK_BYTES + 32
    return Cid.decode(bytes.slice(end - CID_BYTES, end))
  })
}

/** A block that was looked for among what belongs to actions. */
export interface WalkedBlock {
  cid: CID
  /** Undefined where it is not here, or is not what its CID names. */
  bytes: Uint8Array | undefined
  isAltered: boolean
}

/**
 * Yields the blocks that are reached by links from `roots`, each once, as far
 * as they are here. `visited` holds the names of those that were yielded
 * before, and takes up these.
 */
export async function * walkBlocks (roots: CID[], get: (cid: CID) => Promise<Uint8Array | undefined>, visited: Set<string>, { signal }: AbortOptions = {}): AsyncGenerator<WalkedBlock> {
  const todo = roots.toReversed()
  for (let cid = todo.pop(); cid !== undefined; cid = todo.pop()) {
    signal?.throwIfAborted()
    const name = keyName(cid.multihash.digest)
    if (visited.has(name)) continue
    visited.add(name)
    const bytes = await get(cid)
    const isAltered = bytes !== undefined && !isIntact(cid, bytes)
    yield { cid, bytes: isAltered ? undefined : bytes, isAltered }
    if (bytes !== undefined && !isAltered) todo.push(...linksOf(cid, bytes).toReversed())
  }
}
