import { CID, type AbortOptions, type Store } from '@parley/core'
import { LINK_BYTES } from '../format/cbor-reader.ts'
import { parseAction } from '../format/parse-action.ts'
import { storedActions } from '../log/log-pages.ts'
import { cidOfHash } from '../log/stored-action.ts'

/** Bytes of a CID before its hash: version, codec, and what the hash is. */
const CID_HEAD_BYTES = 4

/** Returns the blocks, by the text of their CIDs, that actions of a log which are here name as belonging to them. */
export async function linkedBy (store: Store, conversation: string, { signal }: AbortOptions = {}): Promise<Map<string, CID>> {
  const linked = new Map<string, CID>()
  await eachLink(store, conversation, cid => {
    linked.set(cid.toString(), cid)
    return true
  }, { signal })
  return linked
}

/** Takes out of `linked` what actions of another log name too. */
export async function leaveShared (store: Store, conversation: string, linked: Map<string, CID>, { signal }: AbortOptions = {}): Promise<void> {
  await eachLink(store, conversation, cid => {
    linked.delete(cid.toString())
    return linked.size > 0
  }, { signal })
}

/** Calls `found` with each link until it says no. */
async function eachLink (store: Store, conversation: string, found: (cid: CID) => boolean, { signal }: AbortOptions): Promise<void> {
  for await (const { hashes } of storedActions(store, conversation)) {
    for (const hash of hashes) {
      signal?.throwIfAborted()
      const bytes = await store.getBlock(cidOfHash(hash))
      // Of a log that is being purged some are gone.
      if (bytes === undefined) continue
      const { linksAt, linkCount } = parseAction(bytes)
      for (let link = 0, at = linksAt; link < linkCount; link++, at += LINK_BYTES) {
        if (!found(CID.decode(bytes.slice(at - CID_HEAD_BYTES, at + 32)))) return
      }
    }
  }
}
