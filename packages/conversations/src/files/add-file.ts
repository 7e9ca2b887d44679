import { InvalidArgumentError, raceSignal, type AbortOptions, type Change, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { hex } from '../format/hex.ts'
import { sealFile } from './chunk-cipher.ts'
import { createDagBuilder, type DagBlock } from './dag-builder.ts'
import { FileChangedError, UnknownAddError } from './errors.ts'
import { isFileName } from './file-name.ts'
import { addCodec, addKey, heldCodec, heldKey, pageCodec, pageKey, pagesOf, readAdd, type AddedRecord, type AddingRecord } from './file-records.ts'
import type { FileFields } from './file-schema.ts'
import { FILE_KEY_BYTES, LEAF_BYTES } from './limits.ts'
import { isMediaType, SNIFF_BYTES, sniffMediaType } from './media-type.ts'
import { toThumbnail } from './thumbnail.ts'

/** How much of a file is written at once; as much is done again after a crash. */
const COMMIT_BYTES = 32 * LEAF_BYTES

/** How far the adding of a file has come, in bytes of it. */
export interface AddProgress {
  /** Names the add: with it an add that was cut off goes on. */
  add: string
  readBytes: number
  /** On the disk itself. */
  storedBytes: number
}

export interface AddFileInit extends AbortOptions {
  /** How the file is called: see `isFileName`. */
  name: string
  /** What it is said to be; compared with what its first bytes say. */
  mediaType?: string | undefined
  /** A small PNG, JPEG or WebP picture of it, made by the app: at most 16 KiB. */
  thumbnail?: Uint8Array | undefined
  /**
   * Goes on with an add that was cut off, from the same source, read from its
   * beginning. Name, media type and thumbnail are those it began with.
   */
  resume?: string | undefined
  onProgress?: ((progress: AddProgress) => void) | undefined
}

/** A file that is stored here, sealed. */
export interface AddedFile {
  add: string
  /** For the action that attaches it. */
  file: FileFields
  /** Its bytes are not what `mediaType` claimed; `file.mediaType` says what they are. */
  isMismatch: boolean
}

export interface AddComponents {
  store: Store
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Keeps others from the add until the returned function is called. */
  use?: ((add: string) => () => void) | undefined
}

/**
 * Seals a file and stores its blocks, reading the source once and holding a
 * few megabytes of it. What `onProgress` calls stored is on the disk itself.
 *
 * The key and what is stored are journaled: an add that was cut off is listed
 * until it goes on (the same bytes under the same key give the same blocks,
 * and no block is written twice) or is discarded.
 *
 * @throws {FileTooLargeError | InvalidThumbnailError | InvalidArgumentError}
 * @throws {UnknownAddError | FileChangedError} `resume` names no add, or the source is another one
 * @throws {StorageUnavailableError} the disk is full; what was stored stays, and the add can go on
 */
export async function addFile (components: AddComponents, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, init: AddFileInit): Promise<AddedFile> {
  const { store } = components
  const begun = init.resume === undefined ? await beginAdd(components, init) : await readAdd(store, init.resume)
  if (begun === undefined) throw new UnknownAddError(init.resume ?? '')
  if (begun.state === 'added') return addedFile(begun)
  const release = components.use?.(hex(begun.id))
  try {
    return addedFile(await goOn(components, begun, source, init))
  } finally {
    release?.()
  }
}

async function goOn ({ store, clock, logger }: AddComponents, begun: AddingRecord, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, init: AddFileInit): Promise<AddedRecord> {
  const name = hex(begun.id)
  const writer = createWriter(store, begun, name)
  const builder = createDagBuilder()
  const whole = sha256.create()
  let start = new Uint8Array(0)
  let readBytes = 0
  for await (const { index, plain, sealed } of sealFile(abortable(source, init.signal), begun.key)) {
    if (index === 0) start = plain.slice(0, SNIFF_BYTES)
    whole.update(plain)
    readBytes += plain.byteLength
    for (const block of builder.leaf(sealed)) await writer.take(block)
    await writer.commitWhenFull(readBytes)
    init.onProgress?.({ add: name, readBytes, storedBytes: Math.min(writer.storedBytes(), readBytes) })
    init.signal?.throwIfAborted()
  }
  const { blocks, root } = builder.finish()
  for (const block of blocks) await writer.take(block)
  const { mediaType, isMismatch } = sniffMediaType(start, begun.claimed ?? undefined)
  const thumbnail = begun.thumbnail === null ? {} : { thumbnail: toThumbnail(begun.thumbnail) }
  const file: FileFields = { name: begun.name, mediaType, sizeBytes: readBytes, root, key: begun.key, sha256: whole.digest(), ...thumbnail }
  const added: AddedRecord = { v: 1, state: 'added', id: begun.id, startedAt: begun.startedAt, isMismatch, file }
  const held: Change = { type: 'put', key: heldKey(root), value: heldCodec.encode({ v: 1, root, sizeBytes: readBytes, state: 'whole', at: Math.floor(clock.now()), blocks: 0, by: null }) }
  await writer.finish([held, { type: 'put', key: addKey(name), value: addCodec.encode(added) }])
  logger.info('a file was added', { add: name, root: root.toString(), sizeBytes: readBytes })
  init.onProgress?.({ add: name, readBytes, storedBytes: readBytes })
  return added
}

/** Returns what an add that is over came to. */
export function addedFile ({ id, file, isMismatch }: AddedRecord): AddedFile {
  return { add: hex(id), file, isMismatch }
}

async function beginAdd ({ store, clock, random }: AddComponents, { name, mediaType, thumbnail, signal }: AddFileInit): Promise<AddingRecord> {
  signal?.throwIfAborted()
  if (!isFileName(name)) throw new InvalidArgumentError(`${JSON.stringify(name.slice(0, 80))} is no name for a file; safeFileName makes one of it`)
  if (thumbnail !== undefined) toThumbnail(thumbnail)
  const record: AddingRecord = {
    v: 1,
    state: 'adding',
    id: new Uint8Array(random(16)),
    key: new Uint8Array(random(FILE_KEY_BYTES)),
    name,
    claimed: mediaType !== undefined && isMediaType(mediaType) ? mediaType : null,
    thumbnail: thumbnail === undefined ? null : new Uint8Array(thumbnail),
    startedAt: Math.floor(clock.now()),
    blocks: 0,
    pages: 0,
    storedBytes: 0
  }
  await store.commit([{ type: 'put', key: addKey(hex(record.id)), value: addCodec.encode(record) }], { durable: true })
  return record
}

/** Writes blocks in their order; those that were written before the add was cut off are only compared. */
function createWriter (store: Store, begun: AddingRecord, name: string) {
  const journaled = cidsOf(store, begun, name)
  let record = begun
  let waiting: DagBlock[] = []
  let waitingBytes = 0
  let taken = 0

  const changes = (next: AddingRecord): Change[] => {
    const page: Change = { type: 'put', key: pageKey(name, record.pages), value: pageCodec.encode({ v: 1, cids: waiting.map(({ cid }) => cid) }) }
    return [...blockChanges(waiting), page, { type: 'put', key: addKey(name), value: addCodec.encode(next) }]
  }
  return {
    storedBytes: () => record.storedBytes,
    async take (block: DagBlock) {
      taken++
      if (taken <= begun.blocks) {
        const { value } = await journaled.next()
        // Nothing was stored of the new bytes: under this key and place they must never be.
        if (value?.equals(block.cid) !== true) throw new FileChangedError(name)
        return
      }
      waiting.push(block)
      waitingBytes += block.bytes.byteLength
    },
    async commitWhenFull (readBytes: number) {
      if (waitingBytes < COMMIT_BYTES) return
      const next: AddingRecord = { ...record, blocks: record.blocks + waiting.length, pages: record.pages + 1, storedBytes: readBytes }
      await store.commit(changes(next), { durable: true })
      record = next
      waiting = []
      waitingBytes = 0
    },
    async finish (last: Change[]) {
      if (taken < begun.blocks) throw new FileChangedError(name)
      const pages = Array.from({ length: record.pages }, (_none, page): Change => ({ type: 'delete', key: pageKey(name, page) }))
      await store.commit([...blockChanges(waiting), ...pages, ...last], { durable: true })
    }
  }
}

function blockChanges (blocks: DagBlock[]): Change[] {
  return blocks.map(({ cid, bytes }) => ({ type: 'block', cid, bytes }))
}

async function * cidsOf (store: Store, record: AddingRecord, name: string): AsyncGenerator<CID, undefined> {
  for await (const { cids } of pagesOf(store, record, name)) yield * cids
  return undefined
}

/** A source that does not answer must not keep us from stopping. */
async function * abortable (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let isOver = false
  try {
    for (;;) {
      const step: IteratorResult<Uint8Array, unknown> = await raceSignal(Promise.resolve(iterator.next()), signal)
      if (step.done === true) {
        isOver = true
        return
      }
      yield step.value
    }
  } finally {
    // Not waited for: it may be the very call that does not come back.
    if (!isOver) void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
