import { InvalidArgumentError, createEmitter, type AbortOptions, type CID, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { People } from '@parley/identity'
import type { Content, HomeRecord } from '../actions/index.ts'
import { MAX_RECORD_BYTES, recordSchema } from '../actions/record-schema.ts'
import { encodeBasics, type Basics } from '../format/basics.ts'
import { keyName } from '../format/key-name.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { OpenLogs } from '../log/open-logs.ts'
import type { Opener } from '../read/sealed-keys.ts'
import type { AppendOptions, StoredAction } from '../types.ts'
import { appendActions, newestEpoch, type AppendLog, type Writer } from '../write/append-actions.ts'
import { planKeys, type FindKeyHolders } from '../write/plan-keys.ts'
import { createHomeIndex } from './home-index.ts'
import { openHomeReader, type HomeReader, type RecordChange } from './home-reader.ts'

export interface HomeEvents extends Record<string, unknown> {
  /** A record is another than before, by us (`local`) or another device of the person; told once it is in the index. */
  changed: RecordChange
}

/** A record to keep; without a value it is deleted. */
export interface RecordToPut {
  /** A word: up to 32 lower case letters, digits and hyphens, a letter first. */
  collection: string
  /** 1 to 256 characters. */
  key: string
  /** At most 48 KiB. */
  value: Uint8Array | undefined
}

/**
 * What a person keeps for themselves: records that all their devices have,
 * and nobody else can read. Of two values of one record the later counts.
 */
export interface Home extends Emitter<HomeEvents> {
  /** The log's id; it is synchronised like a conversation. */
  readonly id: CID
  /**
   * Keeps a value, or deletes the record.
   *
   * @throws {InvalidArgumentError} when the record is larger, or named otherwise, than may be
   * @throws {MissingKeyError} on a device to which no other device of the person gave the keys yet
   * @throws {ForbiddenByRoleError | UnknownDeviceError} on a device that is no endpoint of the person
   * @throws {StorageUnavailableError}
   */
  put(collection: string, key: string, value: Uint8Array | undefined, options?: AppendOptions): Promise<void>
  /** Keeps several records, none twice, in as few actions as they fit in and in one commit. */
  putAll(records: RecordToPut[], options?: AppendOptions): Promise<void>
  /** Returns a value, with everything counted that was merged before. */
  get(collection: string, key: string): Promise<Uint8Array | undefined>
  /** Yields a collection in no particular order; `within` only keys that are this text, or begin with it and a slash. */
  list(collection: string, options?: AbortOptions & { within?: string | undefined }): AsyncGenerator<{ key: string, value: Uint8Array }>
  /**
   * Gives the keys to whoever of the person should have them and does not, and
   * begins a new epoch when somebody should have them no longer. For whenever
   * the device list changed. Tells whether anything had to be written.
   *
   * @throws the errors of `put`
   */
  share(options?: AppendOptions): Promise<boolean>
}

export interface HomeComponents {
  store: Store
  people: People
  clock: Clock
  random: RandomBytes
  logger: Logger
  logs: OpenLogs
  findKeyHolders: FindKeyHolders
  openers: readonly Opener[]
  /** Begins a log that the store has not. */
  beginLog(id: CID, basics: Basics): OpenLog
  /** Told of what was appended, and whether the log is new here. */
  told(appended: StoredAction[], isNew: boolean): void
}

/** Hands on keys and says nothing. */
const NOTHING: Content = { verb: 'put', thing: 'records', records: [] }
/** What records of one action may take; the rest of an action is for its links and the keys it hands on. */
const MAX_CONTENT_BYTES = MAX_RECORD_BYTES + 2048
/** More than the names of a record's fields and the heads of their values take. */
const RECORD_OVERHEAD_BYTES = 48

/** Offers a person's home log to their own device. `refresh` brings in what was merged. */
export function createHome (components: HomeComponents, writer: Writer, { id, basics }: { id: CID, basics: Basics }): Home & { refresh(): Promise<void> } {
  const { store, clock, random, logger, logs, findKeyHolders, openers } = components
  const events = createEmitter<HomeEvents>(logger)
  const index = createHomeIndex({ store, random, logger, storageKey: writer.device.storageKey }, id)
  const readers = new WeakMap<OpenLog, HomeReader>()

  /** Brings the index up to date. */
  const caughtUp = async (log: OpenLog): Promise<HomeReader> => {
    const reader = readers.get(log) ?? await openHomeReader({ store, index, openers, device: writer.device.signer.publicKey, logger }, id, log.index)
    // One that failed is ahead of the disk, so it is only kept when it did not.
    readers.delete(log)
    const changes = await reader.catchUp(log.index)
    readers.set(log, reader)
    for (const change of changes) events.emit('changed', change)
    return reader
  }
  /** Tells whether the next action has to hand on keys. */
  const owesKeys = async ({ index }: OpenLog, { keyring }: HomeReader): Promise<boolean> => {
    const holders = await findKeyHolders([keyName(writer.personKey)], clock.now(), { withRecovery: true })
    return planKeys(keyring, newestEpoch(index), holders, random).copies.length > 0
  }
  const write = async (contents: Content[], options: AppendOptions): Promise<boolean> => await logs.run(id, async (known, begin) => {
    const log = known ?? components.beginLog(id, basics)
    const reader = await caughtUp(log)
    // By an action of its own, so that what is handed on leaves a record its room.
    const all = await owesKeys(log, reader) ? [NOTHING, ...contents] : contents
    if (all.length === 0) return false
    const appended = await appendActions(components, writer, withReader(log, reader), all, {
      durable: options.durable,
      changes: known === undefined ? [{ type: 'block', cid: id, bytes: encodeBasics(basics).bytes }] : []
    })
    begin(log)
    components.told(appended, known === undefined)
    await caughtUp(log)
    return true
  }, options)
  const refresh = async (): Promise<void> => {
    await logs.run(id, async log => { if (log !== undefined) await caughtUp(log) })
  }
  const putAll = async (records: RecordToPut[], options: AppendOptions = {}): Promise<void> => {
    if (records.length > 0) await write(contentsOf(records), options)
  }
  return {
    id,
    on: events.on,
    refresh,
    putAll,
    put: async (collection, key, value, options) => { await putAll([{ collection, key, value }], options) },
    get: async (collection, key) => await logs.run(id, async log => {
      if (log === undefined) return undefined
      await caughtUp(log)
      return (await index.read(collection, key))?.value ?? undefined
    }),
    async * list (collection, options) {
      await refresh()
      yield * index.list(collection, options)
    },
    share: async (options = {}) => await write([], options)
  }
}

/** Returns the log as appending wants it; its own reader, of contents, is left alone. */
function withReader (log: OpenLog, reader: HomeReader): AppendLog {
  return Object.assign(Object.create(log) as OpenLog, { reader })
}

/** Puts records into as few contents as they fit in, in their order. */
function contentsOf (records: RecordToPut[]): Content[] {
  const batches: HomeRecord[][] = []
  const names = new Set<string>()
  let sizeBytes = Number.POSITIVE_INFINITY
  for (const record of records) {
    const checked = checkedRecord(record)
    const name = `${record.collection}/${record.key}`
    if (names.has(name)) throw new InvalidArgumentError('A record of the home is given twice')
    names.add(name)
    const bytes = RECORD_OVERHEAD_BYTES + record.collection.length + record.key.length * 3 + (record.value?.byteLength ?? 0)
    if (sizeBytes + bytes > MAX_CONTENT_BYTES) {
      batches.push([])
      sizeBytes = 0
    }
    batches.at(-1)?.push(checked)
    sizeBytes += bytes
  }
  return batches.map((records): Content => {
    const [only, ...others] = records
    return only !== undefined && others.length === 0 ? { verb: 'put', thing: 'record', ...only } : { verb: 'put', thing: 'records', records }
  })
}

function checkedRecord ({ collection, key, value }: RecordToPut): HomeRecord {
  try {
    return recordSchema.parse({ collection, key, value: value ?? null })
  } catch (cause) {
    throw new InvalidArgumentError(`A record of the home has a word for its collection, a key of 1 to 256 characters and at most ${MAX_RECORD_BYTES} bytes`, { cause })
  }
}
