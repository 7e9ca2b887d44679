import type { AbortOptions, CID, Logger, Store } from '@parley/core'
import { didFromPublicKey, type Did } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Draft } from '../actions/definition.ts'
import type { Content } from '../actions/index.ts'
import { decodeContent, definitionOf } from '../actions/registry.ts'
import { parseAction, type AccessChange, type ParsedAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { createKeyring, type EpochKey, type Keyring } from './keyring.ts'
import { LogEntry } from './log-entry.ts'
import { isSealedTo, openKeys, type Opener } from './sealed-keys.ts'
import { createStateFold } from './state-fold.ts'
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
  /** In the common order. */
  readonly entries: readonly LogEntry[]
  /** Actions whose content we cannot read. */
  readonly unreadable: number
  /** Reads what the log gained. */
  catchUp(index: LogIndex, options?: AbortOptions): Promise<void>
  /** Takes in keys that came otherwise than in this log; tells whether they opened anything. */
  learn(keys: EpochKey[]): boolean
}

export interface LogReaderComponents {
  store: Store
  /** Without any, nothing opens. */
  openers: readonly Opener[]
  /** Returns keys of this log that are kept elsewhere; asked once, when there is something to read. */
  otherKeys?: (() => Promise<EpochKey[]>) | undefined
  logger: Logger
}

/** Blocks that are read at once. */
const READ_AHEAD = 256

/** Creates the reader of one conversation. */
export function createLogReader ({ store, openers, otherKeys, logger }: LogReaderComponents, id: CID, { basics, rows, isHome }: LogIndex): LogReader {
  const keyring = createKeyring()
  const creator = didFromPublicKey(basics.creator)
  const fold = createStateFold({ creator, subjectHash: basics.subject, isHome }, (a, b) => rows.compare(a.row, b.row))
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
      entry.unreadable = 'malformed'
      malformed++
      logger.warn('an action holds what is no content', { conversation: id.toString(), action: entry.cid.toString(), reason: (error as Error).message })
    }
  }
  const learn = (keys: EpochKey[]): boolean => {
    const isNew = keys.map(({ epoch, key }) => keyring.add(epoch, key)).includes(true)
    if (!isNew) return false
    const before = locked.size
    for (const entry of [...locked]) {
      open(entry)
      if (entry.content !== undefined) fold.changed(entry)
    }
    return locked.size < before
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
  return {
    keyring,
    creator,
    entries: fold.entries,
    get unreadable () { return locked.size + malformed },
    learn,
    async catchUp (index, { signal } = {}) {
      if (!isSeeded && read < index.rows.size) {
        learn(await otherKeys?.() ?? [])
        isSeeded = true
      }
      while (read < index.rows.size) {
        signal?.throwIfAborted()
        const from = read
        const length = Math.min(index.rows.size - from, READ_AHEAD)
        const blocks = await Promise.all(Array.from({ length }, async (_none, offset) => await readBlock(store, cidOfHash(index.rows.hash(from + offset)))))
        for (const bytes of blocks) await add(index, read++, parseAction(bytes))
      }
    },
    addOwn (index, action, content) {
      for (const copy of action.keys ?? []) keyring.devices(action.epoch).add(keyName(copy.device))
      const entry = entryOf(index, read++, action)
      entry.content = content
      fold.insert(entry)
      return entry
    },
    draft: () => fold.draft()
  }
}

/** Compares what an action says in clear with what it seals. */
function flawOf ({ access }: ParsedAction, content: Content): string | undefined {
  const sealed = definitionOf(content).access?.(content)
  return isSameChange(access, sealed) ? undefined : 'what it says in clear about access differs from what it seals'
}

function isSameChange (a: AccessChange | undefined, b: AccessChange | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return isSameList(a.add, b.add) && isSameList(a.remove, b.remove)
}

function isSameList (a: Uint8Array[], b: Uint8Array[]): boolean {
  return a.length === b.length && a.every((key, index) => equals(key, b[index] ?? new Uint8Array()))
}
