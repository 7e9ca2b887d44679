import { createHybridClock, type CID, type Change, type Clock, type HybridClock, type HybridTime, type Store } from '@parley/core'
import type { Basics } from '../format/basics.ts'
import { createHeldActions, type HeldActions } from '../merge/held-actions.ts'
import type { LogReader } from '../read/log-reader.ts'
import { createLogIndex, type LogIndex } from './log-index.ts'
import { aboutChange, loadIndex, pageChange, savedOf, type Saved } from './log-pages.ts'
import { keyBytes } from '../format/key-name.ts'

/** One conversation's log in memory; used by one task at a time. */
export interface OpenLog {
  readonly id: CID
  /** The text of `id`. */
  readonly name: string
  /** The 32-byte hash of `id`. */
  readonly hash: Uint8Array
  readonly index: LogIndex
  readonly held: HeldActions
  readonly time: HybridClock
  /** Made when the contents are first asked for. */
  reader: LogReader | undefined
  /** Whether the index holds what is not in the store, or may not be on the disk though it has to. */
  readonly isAhead: boolean
  /**
   * Writes `changes` and what the index gained since the last commit, all or
   * nothing. When it fails the log must be opened anew. With `flushLater` the
   * same task has to call `flush`.
   */
  commit(changes: Change[], options: { durable?: boolean | undefined, flushLater?: boolean | undefined }): Promise<void>
  /**
   * Resolves once what was committed with `flushLater` is on the disk itself.
   * When it fails the log must be opened anew, and the next one owes the flush.
   */
  flush(): Promise<void>
}

export interface LogComponents {
  store: Store
  clock: Clock
  /** What is stored but may not be on the disk though it has to, by the name of its log: it outlives a log that is opened anew. */
  unflushed: Map<string, Change[]>
  /** Returns what to note, in the same commit, about blocks of a conversation; not asked about home logs. */
  notes?: ((changes: Change[], log: { id: CID, index: LogIndex }) => Change[]) | undefined
}

/** Opens a log that the store has. */
export async function openLog (components: LogComponents, id: CID, offsetMinutes: () => number): Promise<OpenLog | undefined> {
  const index = await loadIndex(components.store, id)
  return index === undefined ? undefined : createOpenLog(components, id, index, offsetMinutes)
}

/** Begins a log that the store has not. */
export function beginLog (components: LogComponents, id: CID, basics: Basics, offsetMinutes: () => number): OpenLog {
  return createOpenLog(components, id, createLogIndex(basics), offsetMinutes)
}

function createOpenLog ({ store, clock, unflushed, notes }: LogComponents, id: CID, index: LogIndex, offsetMinutes: () => number): OpenLog {
  const name = id.toString()
  let saved = savedOf(index)
  return {
    id,
    name,
    hash: id.multihash.digest,
    index,
    held: createHeldActions(),
    time: createHybridClock({ clock }, { ...newestTime(index), offsetMinutes }),
    reader: undefined,
    get isAhead () { return saved.rows !== index.rows.size || unflushed.has(name) },
    async commit (changes, { durable = false, flushLater = false }) {
      const now = savedOf(index)
      const all = [...changes, ...index.isHome ? [] : notes?.(changes, { id, index }) ?? []]
      if (now.rows > saved.rows) all.push(pageChange(name, index, saved))
      if (isAboutChanged(saved, now)) all.push(aboutOf(name, index))
      await store.commit(all, { durable })
      saved = now
      index.joined.length = 0
      if (flushLater) unflushed.set(name, [...unflushed.get(name) ?? [], ...all])
    },
    async flush () {
      const owed = unflushed.get(name)
      if (owed === undefined) return
      // Written once more, since a store promises of a durable commit what is in it and nothing of
      // those before: LevelDB flushes its newest log file, and the other may be in the one before.
      const stored = await Promise.all(owed.map(async change => await reread(store, change)))
      await store.commit(stored.filter(change => change !== undefined), { durable: true })
      unflushed.delete(name)
    }
  }
}

/** Returns a change as the store has it now, which after a failed write may be another copy. */
async function reread (store: Store, change: Change): Promise<Change | undefined> {
  if (change.type === 'delete') return change
  const bytes = change.type === 'block' ? await store.getBlock(change.cid) : await store.get(change.key)
  if (bytes === undefined) return undefined
  return change.type === 'block' ? { ...change, bytes } : { ...change, value: bytes }
}

function isAboutChanged (saved: Saved, now: Saved): boolean {
  return saved.rows === 0 || saved.changes !== now.changes
}

function aboutOf (name: string, { basics, access, isHome, isGuest }: LogIndex): Change {
  const people = [...access.now().members.keys()].sort()
  return aboutChange(name, { v: 1, created: basics.time, access: people.map(keyBytes), ...(isHome ? { home: true } : {}), ...(isGuest ? { guest: true } : {}) })
}

/** Times grow along every link, so the newest is that of a head. */
function newestTime ({ rows, heads }: LogIndex): { last?: HybridTime } {
  let newest = -1
  for (const head of heads) {
    if (newest < 0 || rows.compare(head, newest) > 0) newest = head
  }
  return newest < 0 ? {} : { last: { wallMs: rows.wallMs(newest), counter: rows.counter(newest), offsetMinutes: 0 } }
}
