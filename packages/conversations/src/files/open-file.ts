import { InvalidArgumentError, type AbortOptions } from '@parley/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { equals } from 'uint8arrays'
import type { BlockSource } from './block-source.ts'
import { openChunk } from './chunk-cipher.ts'
import { createDagShape, isRootOf, sealedSize } from './dag-shape.ts'
import { beginWalk } from './dag-walk.ts'
import { DamagedFileError } from './errors.ts'
import type { FileFields } from './file-schema.ts'
import { CHUNK_BYTES, MAX_FILE_BYTES } from './limits.ts'
import { orderedBlocks } from './ordered-blocks.ts'

/** What is needed of a file to open it. */
export type OpenableFile = Pick<FileFields, 'root' | 'sizeBytes' | 'key' | 'sha256'>

/** Bytes of a file: from `from`, before `to`. */
export interface FileRange {
  /** @default 0 */
  from?: number | undefined
  /** @default its end */
  to?: number | undefined
}

/**
 * Opens a file, or a part of it, with no more of its blocks than the part
 * needs. Yields pieces in order, each checked; a whole file is checked against
 * its hash before the last piece is yielded.
 *
 * @throws {DamagedFileError | InvalidArgumentError}, and what `get` throws
 */
export async function * openFile (get: BlockSource, file: OpenableFile, { from = 0, to = file.sizeBytes, window = 1, signal }: FileRange & AbortOptions & { window?: number } = {}): AsyncGenerator<Uint8Array> {
  const { root, sizeBytes, key } = file
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to > sizeBytes || from > to) throw new InvalidArgumentError(`The file has bytes 0 to ${sizeBytes}, not ${from} to ${to}`)
  if (sizeBytes > MAX_FILE_BYTES) throw new DamagedFileError('misshapen', 'no file has so many bytes')
  const shape = createDagShape(sealedSize(sizeBytes))
  if (!isRootOf(shape, root)) throw new DamagedFileError('misshapen', 'its root is none of a file of this size')
  const isWhole = from === 0 && to === sizeBytes
  if (from === to && !isWhole) return
  const whole = sha256.create()
  const leaves = { from: Math.floor(from / CHUNK_BYTES), to: Math.max(1, Math.ceil(to / CHUNK_BYTES)) }
  for await (const { level, index, bytes } of orderedBlocks({ walk: beginWalk(shape, root, leaves), window, signal, get: async ({ cid }, options) => await get(cid, options) })) {
    if (level > 0) continue
    const last = index === shape.leaves - 1
    const plain = openChunk(key, { index, last }, bytes)
    if (isWhole) whole.update(plain)
    if (isWhole && last && !equals(whole.digest(), file.sha256)) throw new DamagedFileError('other-content')
    const begins = index * CHUNK_BYTES
    const piece = plain.subarray(Math.max(0, from - begins), Math.min(plain.byteLength, to - begins))
    if (piece.byteLength > 0) yield piece
  }
}
