import type { AbortOptions, CID, Change, Logger, Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { equals } from 'uint8arrays'
import { createDraft, type Draft } from '../actions/draft.ts'
import type { ToldConflict } from '../actions/editing.ts'
import type { Content } from '../actions/index.ts'
import { decodeContent, definitionOf, isOfLaterVersion } from '../actions/registry.ts'
import { parseAction, type AccessChange, type ParsedAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { createKeyring, type EpochKey, type Keyring } from './keyring.ts'
import { LogEntry } from './log-entry.ts'
import { isSealedTo, openKeys, type Opener } from './sealed-keys.ts'
import { createStandings } from './members.ts'
import type { Snapshot, Snapshots } from '../snapshot/snapshots.ts'
import { createStateFold, type StateFold } from './state-fold.ts'
import { unseal } from './unseal.ts'
import { keyName } from '../format/key-name.ts'

/** What appending needs of a log's contents. */
export interface AppendReader {
  readonly keyring: Keyring
  readonly creator: Did
  /** Takes in an action of our own, which is the log's newest row. */
  addOwn(index: LogIndex, action: ParsedAction, content: Content): LogEntry
  draft(): Draft
}

/** Reads a log's contents as it grows: opens keys and seals, and folds what it read. */
export interface LogReader extends AppendReader {
  /** In the common order; all of them only after `readAll`. */
  readonly entries: readonly LogEntry[]
  /** Actions whose content we cannot read. */
  readonly unreadable: number
  /** Reads what the log gained. */
  catchUp(index: LogIndex, options?: AbortOptions): Promise<void>
  /** Reads all of the log, also what the state can do without. */
  readAll(index: LogIndex, options?: AbortOptions): Promise<void>
  /** Rows that the log gained since its snapshot was made. */
  unsaved(index: LogIndex): number
  /** Returns what is to be written for a new snapshot, if there is enough for one. */
  save(index: LogIndex): Promise<Change[]>
  /** Keeps no more of the entries in memory than the newest. */
  forget(): void
  /** Takes in keys that came otherwise than in this log; tells whether they opened anything. */
  learn(keys: EpochKey[]): boolean
  /** Returns conflicts that came about since this was asked before, each once. */
  takeConflicts(): ToldConflict[]
}

export interface LogReaderComponents {
  store: Store
  /** Without any, nothing opens. */
  openers: readonly Opener[]
  /** Returns keys of this log that are kept elsewhere; asked once, when there is something to read. */
  otherKeys?: (() => Promise<EpochKey[]>) | undefined
  /** Where states are kept; without it the log is read each time. */
  snapshots?: Snapshots | undefined
  logger: Logger
}

/** Blocks that are read at once. */
const READ_AHEAD = 256
/** A snapshot leaves out the newest actions: others that are as new may still come before them. */
const LEFT_OUT = 64
/** As many of the newest actions stay in memory: what comes late costs no reading while it is not later than these. */
const KEPT_ENTRIES = 1024

/** What is in the state and not among the entries. */
interface Base {
  /** The last row of it in the common order. */
  boundary: number
  locked: number
  malformed: number
}

/** Creates the reader of one conversation. */
export function createLogReader ({ store, openers, otherKeys, snapshots, logger }: LogReaderComponents, id: CID, log: LogIndex): LogReader {
  const { basics, rows, isHome, isGuest } = log
  const keyring = createKeyring()
  const creator = didFromPublicKey(basics.creator)
  const standings = createStandings(log)
  const foldFrom = (draft: Draft): StateFold => createStateFold({ creator, subjectHash: basics.subject, isHome, isGuest, rows }, ({ row }) => standings(row), draft)
  let fold = foldFrom(createDraft())
  let base: Base | undefined
  let savedRows = 0
  /** Set when keys came for what is in the base. */
  let isStale = false
  const locked = new Set<LogEntry>()
  const dids: Array<{ author: Did, person: Did }> = []
  let read = 0
  let malformed = 0
  let isSeeded = otherKeys === undefined

  const entryOf = (index: LogIndex, row: number, action: ParsedAction): LogEntry => {
    const number = index.rows.author(row)
    const author = index.authors[number]
    const names = dids[number] ?? { author: didFromPublicKey(author?.key ?? new Uint8Array()), person: didFromPublicKey(author?.person ?? new Uint8Array()) }
    dids[number] = names
    return new LogEntry({ conversation: id, cid: cidOfHash(index.rows.hash(row)), ...names, row, action })
  }
  /** Opens an entry's content with the keys we have. */
  const open = (entry: LogEntry): void => {
    const { action } = entry
    const bytes = unseal(keyring.keys(action.epoch), action)
    if (bytes === undefined) {
      entry.unreadable = 'no-key'
      locked.add(entry)
      return
    }
    locked.delete(entry)
    try {
      entry.content = decodeContent(bytes)
      entry.unreadable = undefined
      entry.flaw = flawOf(action, entry.content)
    } catch (error) {
      entry.unreadable = isOfLaterVersion(bytes) ? 'unknown-kind' : 'malformed'
      malformed++
      logger.warn('an action holds what is no content here', { conversation: id.toString(), action: entry.cid.toString(), kind: entry.unreadable, reason: (error as Error).message })
    }
  }
  const learn = (keys: EpochKey[]): boolean => {
    const isNew = keys.map(({ epoch, key }) => keyring.add(epoch, key)).includes(true)
    if (!isNew) return false
    if (base !== undefined && base.locked > 0) isStale = true
    const before = locked.size
    for (const entry of [...locked]) {
      open(entry)
      if (entry.content !== undefined) fold.changed(entry)
    }
    return locked.size < before || isStale
  }
  const takeKeys = async (action: ParsedAction): Promise<void> => {
    for (const copy of action.keys ?? []) keyring.devices(action.epoch).add(keyName(copy.device))
    const opened = await openKeys({ openers, logger }, action)
    // The secret may have gone since we asked: then the key is where it was brought before.
    learn(opened.length === 0 && isSealedTo(openers, action) ? await otherKeys?.() ?? [] : opened)
  }
  const add = async (index: LogIndex, row: number, action: ParsedAction): Promise<void> => {
    if (action.keys !== undefined) await takeKeys(action)
    const entry = entryOf(index, row, action)
    open(entry)
    fold.insert(entry)
  }
  const readRows = async (index: LogIndex, numbers: number[], { signal }: AbortOptions): Promise<void> => {
    for (let at = 0; at < numbers.length; at += READ_AHEAD) {
      signal?.throwIfAborted()
      const some = numbers.slice(at, at + READ_AHEAD)
      const blocks = await Promise.all(some.map(async row => await readBlock(store, cidOfHash(index.rows.hash(row)))))
      for (const [place, bytes] of blocks.entries()) {
        const row = some[place] ?? 0
        read = Math.max(read, row + 1)
        await add(index, row, parseAction(bytes))
      }
    }
  }
  const restart = (): void => {
    fold = foldFrom(createDraft())
    locked.clear()
    malformed = 0
    read = 0
    base = undefined
    isStale = false
  }
  /** Goes on from the snapshot where there is one, and no key came since for what it could not read. */
  const resume = async (index: LogIndex, options: AbortOptions): Promise<void> => {
    const found = await snapshots?.load(id, index)
    if (found === undefined) return
    for (const { epoch, key } of found.keys) keyring.add(epoch, key)
    if (found.locked > 0 && countKeys(keyring) > found.keys.length) return
    fold = foldFrom(found.draft)
    base = found
    savedRows = found.rows
    for (const { epoch, names } of found.devices) for (const name of names) keyring.devices(epoch).add(name)
    await readRows(index, rowsAfter(index, found), options)
    read = found.rows
  }
  const isLate = ({ rows: { size, compare } }: LogIndex): boolean => {
    if (base === undefined) return false
    for (let row = read; row < size; row++) if (compare(row, base.boundary) < 0) return true
    return false
  }
  const isUnread = ({ unreadable }: LogEntry): boolean => unreadable === 'malformed' || unreadable === 'unknown-kind'
  const catchUp = async (index: LogIndex, options: AbortOptions, isWhole = false): Promise<void> => {
    if (!isSeeded && read < index.rows.size) {
      learn(await otherKeys?.() ?? [])
      isSeeded = true
    }
    const isFromLog = isStale || isWhole
    if (isStale || (isWhole && base !== undefined) || isLate(index)) restart()
    if (!isFromLog && read === 0 && index.rows.size > 0) await resume(index, options)
    await readRows(index, Array.from({ length: index.rows.size - read }, (_none, offset) => read + offset), options)
  }
  return {
    keyring,
    creator,
    get entries () { return fold.entries },
    get unreadable () { return locked.size + malformed + (base === undefined ? 0 : base.locked + base.malformed) },
    learn,
    readAll: async (index, options = {}) => { await catchUp(index, options, true) },
    unsaved: index => index.rows.size - savedRows,
    async save (index) {
      const { length } = fold.entries
      const last = fold.entries[length - LEFT_OUT - 1]
      if (snapshots === undefined || last === undefined || read !== index.rows.size) return []
      const left = fold.entries.slice(length - LEFT_OUT)
      const known = base ?? { locked: 0, malformed: 0 }
      const rows = index.rows.size
      // Packed before anything else happens to the draft.
      const saved = fold.before(LEFT_OUT, draft => snapshots.save(id, index, {
        boundary: last.row,
        rows,
        draft,
        keyring,
        locked: known.locked + locked.size - left.filter(entry => locked.has(entry)).length,
        malformed: known.malformed + malformed - left.filter(isUnread).length
      }))
      const changes = await saved
      savedRows = rows
      return changes
    },
    catchUp: async (index, options = {}) => { await catchUp(index, options) },
    forget () {
      const before = base ?? { locked: 0, malformed: 0 }
      const { entries } = fold
      const going = entries.slice(0, Math.max(0, entries.length - KEPT_ENTRIES))
      const last = fold.forget(KEPT_ENTRIES)
      if (last === undefined) return
      const unread = going.filter(isUnread).length
      const shut = going.filter(entry => locked.delete(entry)).length
      malformed -= unread
      base = { boundary: last.row, locked: before.locked + shut, malformed: before.malformed + unread }
    },
    addOwn (index, action, content) {
      for (const copy of action.keys ?? []) keyring.devices(action.epoch).add(keyName(copy.device))
      const entry = entryOf(index, read++, action)
      entry.content = content
      fold.insert(entry)
      return entry
    },
    draft: () => fold.draft(),
    takeConflicts: () => fold.takeConflicts()
  }
}

function countKeys (keyring: Keyring): number {
  return keyring.epochs().reduce((sum, epoch) => sum + keyring.keys(epoch).length, 0)
}

/** Returns the rows that a snapshot was made beside, and does not hold. */
function rowsAfter ({ rows: { compare } }: LogIndex, { rows, boundary }: Snapshot): number[] {
  const after: number[] = []
  for (let row = 0; row < rows; row++) if (compare(row, boundary) > 0) after.push(row)
  return after
}

/** Compares what an action says in clear with what it seals. */
function flawOf ({ access }: ParsedAction, content: Content): string | undefined {
  const sealed = definitionOf(content).access?.(content)
  return isSameChange(access, sealed) ? undefined : 'what it says in clear about access differs from what it seals'
}

function isSameChange (a: AccessChange | undefined, b: AccessChange | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const isSameAdd = a.add.length === b.add.length && a.add.every(({ person, permission, history }, index) => {
    const other = b.add[index]
    return other !== undefined && equals(person, other.person) && permission === other.permission && history === other.history
  })
  return isSameAdd && a.remove.length === b.remove.length && a.remove.every((key, index) => equals(key, b.remove[index] ?? new Uint8Array()))
}
