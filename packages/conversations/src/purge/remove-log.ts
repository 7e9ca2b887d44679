import type { AbortOptions, CID, Change, Store } from '@parley/core'
import { fileBlocks } from '../files/held-blocks.ts'
import { storedActions } from '../log/log-pages.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { withoutOwed } from '../home/owed-keys.ts'
import { withoutBeside } from './beside.ts'
import { leaveShared, linkedBy } from './linked.ts'

/** Has files and voices removed that nothing here names any more; rejects when it has to be tried again. */
export type RemoveLinked = (roots: CID[], options: AbortOptions & { conversation: CID }) => Promise<void>

export interface RemoveLogComponents {
  store: Store
  /** Yields the conversations that are here still. */
  others(): AsyncIterable<CID>
  removeLinked?: RemoveLinked | undefined
}

/**
 * Removes what is left of a log that is not opened any more. Whatever it is
 * cut off at, done again it goes on: links are gone through before the blocks
 * that name them go, and each page goes after the blocks that it lists.
 */
export async function removeLog ({ store, others, removeLinked }: RemoveLogComponents, id: CID, { signal }: AbortOptions = {}): Promise<void> {
  const name = id.toString()
  if (removeLinked !== undefined) {
    const linked = await linkedBy(store, name, { signal })
    for await (const other of linked.size === 0 ? [] : others()) {
      await leaveShared(store, other.toString(), linked, { signal })
      if (linked.size === 0) break
    }
    if (linked.size > 0) await removeLinked([...linked.values()], { conversation: id, signal })
  }
  const beside = await withoutBeside(store, name)
  if (beside.length > 0) await store.commit(beside, { durable: true })
  // An action is of one log alone; only a file can have the same bytes among its own.
  const needed = await fileBlocks(store)
  for await (const { key, hashes } of storedActions(store, name)) {
    const changes: Change[] = await withoutOwed(store, hashes)
    for (const hash of hashes) {
      signal?.throwIfAborted()
      const cid = cidOfHash(hash)
      if (!needed(cid)) await store.blockstore.delete(cid)
    }
    await store.commit([...changes, { type: 'delete', key }], { durable: true })
  }
  if (!needed(id)) await store.blockstore.delete(id)
}

/** Tells whether anything of a log is here that was being removed. */
export async function isLeft (store: Store, id: CID): Promise<boolean> {
  for await (const _page of storedActions(store, id.toString())) return true
  return false
}
