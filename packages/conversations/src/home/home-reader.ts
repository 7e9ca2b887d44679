import type { CID, Change, Logger, Store } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { equals } from 'uint8arrays'
import { createDraft } from '../actions/draft.ts'
import type { Content, HomeRecord } from '../actions/index.ts'
import { decodeContent } from '../actions/registry.ts'
import { keyBytes, keyName } from '../format/key-name.ts'
import { parseAction, type ParsedAction } from '../format/parse-action.ts'
import type { LogIndex } from '../log/log-index.ts'
import { readBlock } from '../log/log-stream.ts'
import { cidOfHash } from '../log/stored-action.ts'
import { createKeyring, decodeKeys } from '../read/keyring.ts'
import { LogEntry } from '../read/log-entry.ts'
import type { AppendReader } from '../read/log-reader.ts'
import { openKeys, type Opener } from '../read/sealed-keys.ts'
import { unseal } from '../read/unseal.ts'
import type { HomeIndex, IndexState, IndexedRecord } from './home-index.ts'
import { isLater } from './later-record.ts'

/** A record that is another than before. */
export interface RecordChange {
  collection: string
  key: string
  /** Undefined when it was deleted. */
  value: Uint8Array | undefined
  /** Whether this device wrote it. */
  local: boolean
}

/** Brings what a home log gained into its index. */
export interface HomeReader extends AppendReader {
  /** Applies rows that were not applied yet, and those that new keys open; returns which records changed. After a failure another reader has to be made. */
  catchUp(index: LogIndex): Promise<RecordChange[]>
}

export interface HomeReaderComponents {
  store: Store
  index: HomeIndex
  openers: readonly Opener[]
  /** The 32-byte key of this device. */
  device: Uint8Array
  logger: Logger
}

/** Rows that are applied in one commit. */
const AT_ONCE = 256

/** One commit: what it writes, and what changes by it. */
interface Batch {
  readonly writes: Map<string, { collection: string, record: IndexedRecord, before: IndexedRecord | undefined, local: boolean }>
  readonly locked: Set<number>
  readonly unlocked: Set<number>
}

/**
 * Opens the reader of a home log. It goes on where the index ends; an index of
 * rows that this log does not have, as after a power cut, is made anew.
 */
export async function openHomeReader ({ store, index: kept, openers, device, logger }: HomeReaderComponents, id: CID, log: LogIndex): Promise<HomeReader> {
  const keyring = createKeyring()
  const creator = didFromPublicKey(log.basics.creator)
  // Records are no part of a state.
  const nothing = createDraft()
  const { keys, devices, ...state } = await stateFor(log, kept) ?? await anew({ store, index: kept, logger }, id)
  let { applied, epoch } = state
  for (const { epoch, key } of keys.length === 0 ? [] : decodeKeys(keys)) keyring.add(epoch, key)
  for (const device of devices) keyring.devices(epoch).add(keyName(device))
  const locked = new Set(await kept.locked())
  // Epochs of keys that came other than with new rows.
  let regained = new Set<number>()

  const recordsOf = (index: LogIndex, row: number, action: ParsedAction): HomeRecord[] | undefined => {
    const bytes = unseal(keyring.keys(action.epoch), action)
    if (bytes === undefined) return undefined
    // What says in clear that it changes who may hold the log is no record.
    if (action.access !== undefined) return []
    try {
      return recordsIn(decodeContent(bytes))
    } catch (error) {
      logger.warn('an action of the home holds what is no content', { action: cidOfHash(index.rows.hash(row)).toString(), reason: (error as Error).message })
      return []
    }
  }
  /** Applies one row; false when no key of ours opens it. */
  const apply = async (batch: Batch, index: LogIndex, row: number, action: ParsedAction): Promise<boolean> => {
    const records = recordsOf(index, row, action)
    if (records === undefined) return false
    const stamp = { wallMs: action.time.wallMs, counter: action.time.counter, action: index.rows.hash(row) }
    const local = equals(action.bytes.subarray(action.authorAt, action.authorAt + 32), device)
    for (const { collection, key, value } of records) {
      const name = `${collection}/${key}`
      const written = batch.writes.get(name)
      const known = written?.record ?? await kept.read(collection, key)
      if (known !== undefined && !isLater(stamp, known)) continue
      batch.writes.set(name, { collection, record: { key, value, ...stamp }, before: written === undefined ? known : written.before, local })
    }
    return true
  }
  /** Takes the keys out of an action; returns the epochs of those that are new. */
  const takeKeys = async (action: ParsedAction): Promise<number[]> => {
    for (const copy of action.keys ?? []) keyring.devices(action.epoch).add(keyName(copy.device))
    if (action.keys === undefined) return []
    return (await openKeys({ openers, logger }, action)).filter(({ epoch, key }) => keyring.add(epoch, key)).map(({ epoch }) => epoch)
  }
  const retry = async (batch: Batch, index: LogIndex, learned: Set<number>): Promise<void> => {
    for (const row of [...locked, ...batch.locked]) {
      if (!learned.has(index.rows.epoch(row))) continue
      if (await apply(batch, index, row, await actionAt(index, row))) batch.unlocked.add(row)
    }
  }
  const actionAt = async (index: LogIndex, row: number): Promise<ParsedAction> => parseAction(await readBlock(store, cidOfHash(index.rows.hash(row))))
  const commit = async (index: LogIndex, { writes, locked: newly, unlocked }: Batch, upTo: number): Promise<void> => {
    const changes: Change[] = [...writes.values()].map(({ collection, record }) => kept.put(collection, record))
    for (const row of newly) if (!unlocked.has(row)) changes.push(kept.lock(row))
    for (const row of unlocked) if (locked.has(row)) changes.push(kept.unlock(row))
    changes.push(kept.putState({
      applied: upTo,
      last: upTo === 0 ? null : index.rows.hash(upTo - 1),
      keys: keyring.encode(),
      epoch,
      devices: epoch < 0 ? [] : [...keyring.devices(epoch)].map(keyBytes)
    }))
    await store.commit(changes)
    applied = upTo
    for (const row of newly) locked.add(row)
    for (const row of unlocked) locked.delete(row)
  }
  const applyNext = async (index: LogIndex): Promise<RecordChange[]> => {
    const upTo = Math.min(index.rows.size, applied + AT_ONCE)
    const batch: Batch = { writes: new Map(), locked: new Set(), unlocked: new Set() }
    const learned = regained
    regained = new Set()
    const actions = await Promise.all(Array.from({ length: upTo - applied }, async (_none, offset) => await actionAt(index, applied + offset)))
    for (const [offset, action] of actions.entries()) {
      const row = applied + offset
      epoch = Math.max(epoch, action.epoch)
      for (const fresh of await takeKeys(action)) learned.add(fresh)
      if (!await apply(batch, index, row, action)) batch.locked.add(row)
    }
    if (learned.size > 0) await retry(batch, index, learned)
    await commit(index, batch, upTo)
    return [...batch.writes.values()].filter(({ record, before }) => !isSameValue(record.value, before?.value ?? null)).map(({ collection, record, local }) => ({ collection, key: record.key, value: record.value ?? undefined, local }))
  }
  // An opener that was not there before, as the phrase, opens what was passed over.
  for (const row of openers.length > 1 ? locked : []) {
    for (const fresh of await takeKeys(await actionAt(log, row))) regained.add(fresh)
  }
  return {
    keyring,
    creator,
    draft: () => nothing,
    addOwn (index, action) {
      for (const copy of action.keys ?? []) keyring.devices(action.epoch).add(keyName(copy.device))
      const row = index.rows.size - 1
      const author = index.authors[index.rows.author(row)]
      const names = { author: didFromPublicKey(author?.key ?? new Uint8Array()), person: creator }
      return new LogEntry({ conversation: id, cid: cidOfHash(index.rows.hash(row)), ...names, row, action })
    },
    async catchUp (index) {
      const changes: RecordChange[] = []
      while (applied < index.rows.size || regained.size > 0) changes.push(...await applyNext(index))
      return changes
    }
  }
}

/** Returns the index's state when it is of rows that the log has. */
async function stateFor ({ rows }: LogIndex, kept: HomeIndex): Promise<IndexState | undefined> {
  const state = await kept.state()
  if (state === undefined || state.last === null) return state
  return state.applied <= rows.size && equals(rows.hash(state.applied - 1), state.last) ? state : undefined
}

/** Removes what there is of an index that nothing can be built on. */
async function anew ({ store, index, logger }: Pick<HomeReaderComponents, 'store' | 'index' | 'logger'>, id: CID): Promise<IndexState> {
  const changes = await index.clear()
  if (changes.length > 0) {
    logger.warn('the home’s index is damaged, or of another log than is here; making it anew', { home: id.toString() })
    await store.commit(changes)
  }
  return { applied: 0, last: null, keys: new Uint8Array(), epoch: -1, devices: [] }
}

function recordsIn (content: Content): HomeRecord[] {
  if (content.verb !== 'put') return []
  return content.thing === 'record' ? [content] : content.records
}

function isSameValue (a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equals(a, b)
}
