import type { AbortOptions, CID, Logger, Store } from '@parley/core'
import { UndecryptableError, decryptContent, didFromPublicKey, type DeviceKeys, type Did } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Draft } from '../actions/definition.ts'
import type { Content } from '../actions/index.ts'
import { decodeContent, definitionOf } from '../actions/registry.ts'
import { parseAction, type AccessChange, type ParsedAction } from '../format/parse-action.ts'
import { sealingContext } from '../format/sealing-context.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { KEY_PURPOSE, createKeyring, decodeKeys, type Keyring } from './keyring.ts'
import { LogEntry } from './log-entry.ts'
import { createStateFold } from './state-fold.ts'
import { keyName } from '../format/key-name.ts'

/** Reads a log's contents as it grows: opens keys and seals, and folds what it read. */
export interface LogReader {
  readonly keyring: Keyring
  readonly creator: Did
  /** In the common order. */
  readonly entries: readonly LogEntry[]
  /** Actions whose content we cannot read. */
  readonly unreadable: number
  /** Reads what the log gained. */
  catchUp(index: LogIndex, options?: AbortOptions): Promise<void>
  /** Takes in an action of our own, which is the log's newest row. */
  addOwn(index: LogIndex, action: ParsedAction, content: Content): LogEntry
  draft(): Draft
}

/** Blocks that are read at once. */
const READ_AHEAD = 256

/** Creates the reader of one conversation. Without a device nothing opens. */
export function createLogReader ({ store, device, logger }: { store: Store, device?: DeviceKeys | undefined, logger: Logger }, id: CID, { basics, rows }: LogIndex): LogReader {
  const conversation = id.multihash.digest
  const keyring = createKeyring()
  const creator = didFromPublicKey(basics.creator)
  const fold = createStateFold({ creator, subjectHash: basics.subject }, (a, b) => rows.compare(a.row, b.row))
  const locked = new Set<LogEntry>()
  const dids: Array<{ author: Did, person: Did }> = []
  let read = 0
  let malformed = 0

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
    const bytes = unseal(keyring.keys(action.epoch), action, conversation)
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
  /** Takes keys out of an action; returns whether any is new. */
  const takeKeys = async (action: ParsedAction): Promise<boolean> => {
    const { keys = [], epoch, bytes, authorAt, seq } = action
    for (const copy of keys) keyring.devices(epoch).add(keyName(copy.device))
    const mine = device === undefined ? undefined : keys.find(copy => equals(copy.device, device.signer.publicKey))
    if (mine === undefined || device === undefined) return false
    try {
      const plain = await device.sealing.open(KEY_PURPOSE, mine, sealingContext(conversation, bytes.subarray(authorAt, authorAt + 32), seq))
      return decodeKeys(plain).map(({ epoch, key }) => keyring.add(epoch, key)).includes(true)
    } catch (error) {
      logger.warn('a key that was sealed to us does not open', { conversation: id.toString(), reason: (error as Error).message })
      return false
    }
  }
  const add = async (index: LogIndex, row: number, action: ParsedAction): Promise<void> => {
    if (action.keys !== undefined && await takeKeys(action)) {
      for (const entry of [...locked]) {
        open(entry)
        if (entry.content !== undefined) fold.changed(entry)
      }
    }
    const entry = entryOf(index, row, action)
    open(entry)
    fold.insert(entry)
  }
  return {
    keyring,
    creator,
    entries: fold.entries,
    get unreadable () { return locked.size + malformed },
    async catchUp (index, { signal } = {}) {
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

function unseal (keys: Uint8Array[], { bytes, authorAt, seq, sealed }: ParsedAction, conversation: Uint8Array): Uint8Array | undefined {
  if (keys.length === 0) return undefined
  const context = sealingContext(conversation, bytes.subarray(authorAt, authorAt + 32), seq)
  for (const key of keys) {
    try {
      return decryptContent(key, sealed, context)
    } catch (error) {
      if (!(error instanceof UndecryptableError)) throw error
    }
  }
  return undefined
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
