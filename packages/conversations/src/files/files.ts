import { type AbortOptions, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'
import { hex } from '../format/hex.ts'
import { addFile, addedFile, type AddedFile, type AddFileInit } from './add-file.ts'
import { createBlockSource, type BlockSource } from './block-source.ts'
import { createDagShape, isRootOf, sealedSize } from './dag-shape.ts'
import { beginWalk } from './dag-walk.ts'
import { DamagedFileError, FileBusyError, UnknownAddError } from './errors.ts'
import { addKey, adds, heldCodec, heldFiles, heldKey, readAdd, readHeld, type HeldRecord } from './file-records.ts'
import { blocksOf, dropAdd, dropFile } from './held-blocks.ts'
import { MAX_FILE_BYTES } from './limits.ts'
import { openFile, type FileRange, type OpenableFile } from './open-file.ts'
import { orderedBlocks } from './ordered-blocks.ts'

/** How far the fetching or opening of a file has come, in bytes of its plaintext. */
export interface FileProgress {
  root: CID
  doneBytes: number
  totalBytes: number
}

export interface FetchOptions extends AbortOptions {
  /** Who may have the file, the best first. Connected peers are asked after them. */
  peers?: PeerTarget[] | undefined
  onProgress?: ((progress: FileProgress) => void) | undefined
}

/** A file that was added and that no action is known to announce: it goes on, is announced, or is discarded. */
export type UnannouncedFile =
  | { state: 'adding', add: string, name: string, storedBytes: number, /** Wall milliseconds. */ startedAt: number }
  | { state: 'added', startedAt: number } & AddedFile

/** A file whose blocks are kept here. */
export type HeldFile = Omit<HeldRecord, 'v'>

/** The files of this node: added, fetched, or kept for others. */
export interface Files {
  /** Seals a file and stores it; see `addFile`. @throws the errors of `addFile`, and `FileBusyError` when the add is under way */
  add(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, init: AddFileInit): Promise<AddedFile>
  /** Yields adds that were cut off, and files whose action was not said to be on the disk. */
  unannounced(): AsyncGenerator<UnannouncedFile>
  /** Says that an action on the disk names the file: it is no longer listed. Harmless when said again. */
  announced(add: string): Promise<void>
  /** Drops what an add stored, whether it is over or not. @throws {UnknownAddError | FileBusyError} */
  discard(add: string): Promise<void>
  /**
   * Opens a file or a part of it, in order. With `peers` blocks that are not
   * here are fetched on the way and stay; without, nothing goes over the network.
   *
   * @throws {DamagedFileError} it is not what was announced; nothing of a file that was unknown before is kept
   * @throws {FileUnavailableError} blocks are missing; what came stays, and the next call goes on
   * @throws {InvalidArgumentError | StorageUnavailableError}
   */
  open(file: OpenableFile, options?: FetchOptions & FileRange): AsyncGenerator<Uint8Array>
  /** Fetches what is missing of a file and checks all of it. @throws the errors of `open` */
  fetch(file: OpenableFile, options: FetchOptions): Promise<void>
  /** Fetches what is missing of a file without its key, as a proxy does; `by` is on whose behalf. @throws the errors of `open` */
  hold(file: Pick<OpenableFile, 'root' | 'sizeBytes'>, options: FetchOptions & { by?: string | undefined }): Promise<void>
  /** Yields the CIDs of all blocks of a file, as far as its nodes are here. @throws {DamagedFileError} when the root is none of a sealed file */
  blocksOf(root: CID): AsyncGenerator<CID>
  held(root: CID): Promise<HeldFile | undefined>
  allHeld(): AsyncGenerator<HeldFile>
  /** Drops a file's blocks, but those of another file here. Its caller knows that no attachment names it any more. @throws {FileBusyError} */
  remove(root: CID): Promise<void>
  /** Keeps a file from being removed until the returned function is called. */
  use(root: CID): () => void
}

export interface FilesComponents {
  store: Store
  /** Absent where nothing is ever fetched. */
  network?: Pick<Network, 'blocks'> | undefined
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface FilesInit {
  /** Blocks on their way at once. @default 8 */
  window?: number | undefined
  /** How often a block is asked for before the file is called unavailable. @default 6 */
  attempts?: number | undefined
  /** Awaited before each block is asked for: resolves when nothing more urgent goes over the network; `createYielding` makes one. @default at once */
  ready?: ((options: AbortOptions) => Promise<void>) | undefined
}

/** Creates the files of a store. One process at a time may write them. */
export function createFiles (components: FilesComponents, { window = 8, attempts = 6, ready }: FilesInit = {}): Files {
  const { store, clock } = components
  const logger = components.logger.child('files')
  const inUse = new Map<string, number>()

  const use = (what: string): () => void => {
    inUse.set(what, (inUse.get(what) ?? 0) + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (inUse.get(what) ?? 1) - 1
      if (left === 0) inUse.delete(what)
      else inUse.set(what, left)
    }
  }
  async function alone<T> (what: string, work: () => Promise<T>): Promise<T> {
    if (inUse.has(what)) throw new FileBusyError(what)
    const release = use(what)
    try {
      return await work()
    } finally {
      release()
    }
  }
  const drop = async (record: HeldRecord): Promise<void> => {
    // What is left after a crash is known to be no whole file.
    await store.commit([{ type: 'put', key: heldKey(record.root), value: heldCodec.encode({ ...record, state: 'partial' }) }])
    await dropFile(store, record)
    logger.info('a file was dropped', { root: record.root.toString() })
  }
  const put = async (record: HeldRecord, durable: boolean): Promise<void> => {
    await store.commit([{ type: 'put', key: heldKey(record.root), value: heldCodec.encode(record) }], { durable })
  }
  /** Fetches by `run`, under a record from before the first block to behind the last. */
  async function * tracked ({ root, sizeBytes }: Pick<OpenableFile, 'root' | 'sizeBytes'>, { isAll, by }: { isAll: boolean, by: string | null }, run: () => AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    const release = use(root.toString())
    let refused: HeldRecord | undefined
    try {
      const known = await readHeld(store, root)
      // Nothing of an unfinished file vouches for the size that was announced first.
      const begun = known?.sizeBytes === sizeBytes ? known : undefined
      if (begun === undefined && known?.state === 'whole') throw new DamagedFileError('misshapen', 'it is here, with another size')
      const record: HeldRecord = begun ?? { v: 1, root, sizeBytes, state: 'partial', at: Math.floor(clock.now()), blocks: 0, by }
      if (begun === undefined) await put(record, false)
      try {
        yield * run()
      } catch (error) {
        // Another announcement may name the same blocks rightly: what was here before stays.
        if (error instanceof DamagedFileError && known === undefined) refused = record
        throw error
      }
      if (isAll && record.state === 'partial') await put({ ...record, state: 'whole' }, true)
    } finally {
      release()
      if (refused !== undefined && !inUse.has(root.toString())) await drop(refused)
    }
  }
  const sourceOf = (root: CID, { peers }: FetchOptions): BlockSource => {
    return createBlockSource({ store, blocks: components.network?.blocks, clock, logger }, { root, peers, attempts, ready })
  }
  const check = ({ root, sizeBytes }: Pick<OpenableFile, 'root' | 'sizeBytes'>): void => {
    if (sizeBytes > MAX_FILE_BYTES) throw new DamagedFileError('misshapen', 'no file has so many bytes')
    // Before anything is asked for or written.
    if (!isRootOf(createDagShape(sealedSize(sizeBytes)), root)) throw new DamagedFileError('misshapen', 'its root is none of a file of this size')
  }
  async function * open (file: OpenableFile, options: FetchOptions & FileRange = {}): AsyncGenerator<Uint8Array> {
    check(file)
    const { root, sizeBytes } = file
    const { from = 0, to = sizeBytes } = options
    const read = (): AsyncGenerator<Uint8Array> => openFile(sourceOf(root, options), file, { from, to, window, signal: options.signal })
    const pieces = options.peers === undefined ? read() : tracked(file, { isAll: from === 0 && to === sizeBytes, by: null }, read)
    let doneBytes = 0
    for await (const piece of pieces) {
      options.signal?.throwIfAborted()
      doneBytes += piece.byteLength
      options.onProgress?.({ root, doneBytes, totalBytes: to - from })
      yield piece
    }
  }
  async function * holding (file: Pick<OpenableFile, 'root' | 'sizeBytes'>, options: FetchOptions): AsyncGenerator<Uint8Array> {
    const { root, sizeBytes } = file
    const get = sourceOf(root, { ...options, peers: options.peers ?? [] })
    let doneBytes = 0
    for await (const { level, bytes } of orderedBlocks({ walk: beginWalk(createDagShape(sealedSize(sizeBytes)), root), window, signal: options.signal, get: async ({ cid }, { signal }) => await get(cid, { signal }) })) {
      if (level > 0) continue
      doneBytes = Math.min(sizeBytes, doneBytes + bytes.byteLength)
      options.onProgress?.({ root, doneBytes, totalBytes: sizeBytes })
      yield bytes
    }
  }
  async function drain (pieces: AsyncGenerator<Uint8Array>): Promise<void> {
    while ((await pieces.next()).done !== true);
  }
  return {
    async add (source, init) {
      if (init.resume === undefined) return await addFile({ ...components, logger, use: add => use(`add ${add}`) }, source, init)
      return await alone(`add ${init.resume}`, async () => await addFile({ ...components, logger }, source, init))
    },
    async * unannounced () {
      for await (const record of adds(store)) {
        if (record.state === 'added') yield { state: 'added', startedAt: record.startedAt, ...addedFile(record) }
        else yield { state: 'adding', add: hex(record.id), name: record.name, storedBytes: record.storedBytes, startedAt: record.startedAt }
      }
    },
    async announced (add) {
      const record = await readAdd(store, add)
      if (record?.state === 'added') await store.commit([{ type: 'delete', key: addKey(add) }], { durable: true })
    },
    async discard (add) {
      await alone(`add ${add}`, async () => {
        const record = await readAdd(store, add)
        if (record === undefined) throw new UnknownAddError(add)
        if (record.state === 'adding') {
          await dropAdd(store, record, add)
          return
        }
        const { root } = record.file
        await alone(root.toString(), async () => {
          const held = await readHeld(store, root)
          if (held !== undefined) await drop(held)
          await store.commit([{ type: 'delete', key: addKey(add) }], { durable: true })
        })
      })
    },
    open,
    async fetch (file, options) {
      const known = await readHeld(store, file.root)
      if (known?.state === 'whole' && known.sizeBytes === file.sizeBytes) return
      await drain(open(file, { ...options, peers: options.peers ?? [] }))
    },
    async hold (file, options) {
      check(file)
      const known = await readHeld(store, file.root)
      if (known?.state === 'whole' && known.sizeBytes === file.sizeBytes) return
      await drain(tracked(file, { isAll: true, by: options.by ?? null }, () => holding(file, options)))
    },
    blocksOf: root => blocksOf(store, root),
    held: async root => await readHeld(store, root),
    allHeld: () => heldFiles(store),
    async remove (root) {
      await alone(root.toString(), async () => {
        const record = await readHeld(store, root)
        if (record !== undefined) await drop(record)
      })
    },
    use: root => use(root.toString())
  }
}
