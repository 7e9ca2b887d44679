import type { Change, Store } from '@parley/core'

/**
 * What is kept beside a log under its own id: states, the list's entries,
 * marks of what grew, how far others are, keys that wait for the vault. Of
 * other things, as the search index, nobody but whoever made them can tell
 * what is of which conversation: they are told by the `purged` event.
 */
const FOLDERS = ['/conversations/snapshots/', '/list/entries/', '/list/unread/', '/list/behind/', '/delivery/owed/', '/delivery/targets/', '/vault/aside/']

/** Returns what removes all that is kept beside a log. */
export async function withoutBeside (store: Store, conversation: string): Promise<Change[]> {
  const changes: Change[] = []
  for (const folder of FOLDERS) {
    // Ids are of one length, so none begins with another.
    for await (const { key } of store.entries(folder + conversation)) changes.push({ type: 'delete', key })
  }
  return changes
}
