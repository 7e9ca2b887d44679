import { silentLogger, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { createConversationList, createGrowthMarks, type ConversationList, type ListEntry, type PrivateState } from '../../src/index.ts'
import type { Replica, Somebody, World } from '../log/world.ts'
import { privateStateOf } from '../private/support.ts'

/** A replica with the list of its conversations. */
export interface Listed {
  replica: Replica
  list: ConversationList
  privateState: PrivateState
  /** The store without the marks. */
  disk: Store
}

/** Opens a device of somebody on a disk, with its list. */
export async function openListed (world: World, who: Somebody, disk: Store = createMemoryStore()): Promise<Listed> {
  const growth = createGrowthMarks(disk)
  const replica = await world.replica(who, { store: growth.store })
  const privateState = await privateStateOf(replica)
  const list = await createConversationList({
    ...replica,
    home: await replica.conversations.home(),
    privateState,
    growth,
    person: who.did,
    storageKey: who.device.storageKey,
    random: world.random,
    logger: silentLogger
  })
  return { replica, list, privateState, disk }
}

/** Copies a disk as it is at this moment: what a process that is killed leaves. */
export async function copyOf (disk: Store): Promise<Store> {
  const copy = createMemoryStore()
  for await (const { key, value } of disk.entries('/')) await copy.commit([{ type: 'put', key, value }])
  for await (const { cid, bytes } of disk.blockstore.getAll()) {
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    await copy.commit([{ type: 'block', cid, bytes: Buffer.concat(parts) }])
  }
  return copy
}

/** What of an entry does not depend on the device. */
export function gist ({ subject, unread, preview, labels, isArchived, isFavourite, lastActivity, participants }: ListEntry) {
  return { subject, unread, text: preview?.text, labels, isArchived, isFavourite, lastActivity, people: participants.length }
}

/** Returns all entries, page by page. */
export function allOf (list: ConversationList, filter: Parameters<ConversationList['page']>[0] = {}): ListEntry[] {
  const entries: ListEntry[] = []
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = list.page({ ...filter, after })
    entries.push(...page.entries)
    after = page.next
    isLast = after === undefined
  }
  return entries
}
