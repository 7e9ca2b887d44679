import { CID, type AbortOptions, type Store } from '@parley/core'
import { publicKeyFromDid, type Did } from '@parley/identity'
import { ABOUT_PREFIX, decodeAbout, isConversation } from './log/log-pages.ts'
import { keyName } from './format/key-name.ts'

/** Yields the conversations of a store; home logs and guest logs among them only when asked for. */
export async function * listConversations (store: Store, { withHomes = false, signal }: AbortOptions & { withHomes?: boolean | undefined } = {}): AsyncGenerator<CID> {
  for await (const { key, value } of store.entries(ABOUT_PREFIX, { signal })) {
    if (withHomes || isConversation(decodeAbout(value))) yield CID.parse(key.slice(ABOUT_PREFIX.length))
  }
}

/** Finds the newest conversation that exactly these people may hold now; of two created at once the one with the higher id. */
export async function findConversation (store: Store, people: Set<Did>): Promise<CID | undefined> {
  const wanted = [...people].map(did => keyName(publicKeyFromDid(did))).sort().join()
  let newest: { created: number, name: string } | undefined
  for await (const { key, value } of store.entries(ABOUT_PREFIX)) {
    const about = decodeAbout(value)
    if (!isConversation(about)) continue
    const { created, access } = about
    // In key order, so a later entry of the same time has the higher id.
    if (created >= (newest?.created ?? 0) && access.map(key => keyName(key)).join() === wanted) newest = { created, name: key.slice(ABOUT_PREFIX.length) }
  }
  return newest === undefined ? undefined : CID.parse(newest.name)
}
