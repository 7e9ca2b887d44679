import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import { LOCK_MS } from '../format/limits.ts'
import type { Conflict, ItemName, Lock } from '../types.ts'

/** Something that several people may change: its value, how it came to be, and what lost. */
export interface Item<V> {
  /** The newest version: what made, changed, deleted or recovered it. */
  readonly version: CID
  /** The edit, or the beginning, that the value is from. */
  readonly current: { action: CID, by: Did, at: number, value: V }
  /** Who changed it after its beginning, the latest last. */
  readonly editors: readonly Did[]
  readonly editedAt?: number | undefined
  readonly deleted?: { by: Did, at: number } | undefined
  /** The last one that was taken and not given up; ask `liveLock`. */
  readonly lock?: Lock | undefined
  readonly conflicts: ReadonlyArray<Conflict<V>>
}

/** Who changes an item, and when. */
export interface Editor {
  by: Did
  device: Did
  /** Wall milliseconds. */
  at: number
  action: CID
  /** Whether somebody is in the conversation, as far as the editor had seen. */
  isIn(person: Did): boolean
}

/** Which version of the item its editor saw: the newest one, or one that was newest before. */
export type Seen = 'newest' | 'older'

/** What lost, and what it lost to. */
export interface Loss<V = unknown> { lost: Conflict<V>, kept: { action: CID, by: Did, at: number } }
export interface ToldConflict extends Loss { item: ItemName }
export interface Edited<V> { item: Item<V>, loss?: Loss<V> | undefined }

const NONE: readonly never[] = Object.freeze([])

/** Begins an item with its first version. */
export function beginItem<V> (version: { action: CID, by: Did, at: number, value: V }): Item<V> {
  return { version: version.action, current: version, editors: NONE, conflicts: NONE }
}

/** Returns the lock that counts for somebody at a time. It ends after an hour, and when its holder is out. */
export function liveLock ({ lock }: Pick<Item<unknown>, 'lock'>, { at, isIn }: Pick<Editor, 'at' | 'isIn'>): Lock | undefined {
  return lock === undefined || at >= lock.until || !isIn(lock.by) ? undefined : lock
}

/** Returns the lock that keeps somebody from changing an item. */
export function lockAgainst (item: Pick<Item<unknown>, 'lock'>, editor: Pick<Editor, 'at' | 'isIn' | 'by'>): Lock | undefined {
  const lock = liveLock(item, editor)
  return lock === undefined || lock.by === editor.by ? undefined : lock
}

/**
 * Gives an item another value. Whoever edited while somebody else held the lock
 * could not know, and loses; of two who edited the same version the later in the
 * common order is kept, which is the one that is applied now.
 */
export function edit<V> (item: Item<V>, editor: Editor, { seen, value, release = false }: { seen: Seen, value: V, release?: boolean | undefined }): Edited<V> {
  const { by, at, action } = editor
  const next = { action, by, at, value }
  const lock = lockAgainst(item, editor)
  if (lock !== undefined) return loses(item, { kind: 'edit', ...next }, lock)
  const edited: Item<V> = {
    version: action,
    current: next,
    editors: [...item.editors.filter(known => known !== by), by],
    editedAt: at,
    ...(release ? {} : lockOf(item)),
    conflicts: item.conflicts
  }
  return seen === 'newest' ? { item: edited } : loses(edited, displaced(item), next)
}

/** Deletes an item; its value stays for whoever recovers it. A lock ends with it. */
export function remove<V> (item: Item<V>, editor: Editor, seen: Seen): Edited<V> {
  const { by, at, action } = editor
  const lock = lockAgainst(item, editor)
  if (lock !== undefined) return loses(item, { kind: 'delete', action, by, at }, lock)
  const { lock: _ended, ...rest } = item
  const removed: Item<V> = { ...rest, version: action, deleted: { by, at } }
  return seen === 'newest' ? { item: removed } : loses(removed, displaced(item), { action, by, at })
}

/** Brings back what was deleted. */
export function recover<V> ({ deleted: _gone, ...item }: Item<V>, { action }: Editor): Item<V> {
  return { ...item, version: action }
}

/** Takes the lock, or takes it for longer; where somebody else has it, loses. */
export function takeLock<V> (item: Item<V>, editor: Editor): Edited<V> {
  const { by, device, at, action } = editor
  const held = lockAgainst(item, editor)
  if (held !== undefined) return loses(item, { kind: 'lock', action, by, at }, held)
  return { item: { ...item, lock: { by, device, at, until: at + LOCK_MS, action } } }
}

/** Gives the lock up. */
export function releaseLock<V> ({ lock: _ended, ...item }: Item<V>): Item<V> {
  return item
}

function lockOf ({ lock }: Item<unknown>): { lock?: Lock } {
  return lock === undefined ? {} : { lock }
}

/** Returns what an item was, as the conflict that it becomes when another version takes its place. */
function displaced<V> ({ version, deleted, current }: Item<V>): Conflict<V> {
  return deleted === undefined ? { kind: 'edit', ...current } : { kind: 'delete', action: version, ...deleted }
}

function loses<V> (item: Item<V>, lost: Conflict<V>, { action, by, at }: { action: CID, by: Did, at: number }): Edited<V> {
  return { item: { ...item, conflicts: [...item.conflicts, lost] }, loss: { lost, kept: { action, by, at } } }
}
