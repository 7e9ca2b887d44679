import type { Change, Store } from '@parley/core'
import { cidOfHash } from '../log/stored-action.ts'

/** Where marks are of actions whose keys are not in the vault yet, by the actions' CIDs. */
export const OWED = '/vault/owed/'

/** Returns what takes the marks of actions away. */
export async function withoutOwed (store: Pick<Store, 'get'>, hashes: Uint8Array[]): Promise<Change[]> {
  const keys = hashes.map(hash => OWED + cidOfHash(hash).toString())
  const marks = await Promise.all(keys.map(async key => await store.get(key)))
  return keys.filter((_key, place) => marks[place] !== undefined).map(key => ({ type: 'delete', key }))
}
