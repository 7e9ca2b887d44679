import { ParleyError } from '@parley/core'
import { createHash } from 'node:crypto'
import { equals } from 'uint8arrays'
import { ARCHIVE_MAGIC, KIND_ORDER, MAX_RECORD_BYTES, archiveRecordCodec, type ArchiveRecord, type ContentRecord } from './archive-records.ts'
import { DamagedBackupError } from './errors.ts'

const LENGTH_BYTES = 4

/**
 * Yields the records of an archive and returns once its end has proven that
 * they were all of them. What was yielded before counts for nothing if this
 * throws. Holds one record at a time.
 *
 * @throws {DamagedBackupError}
 */
export async function * readArchive (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ContentRecord> {
  const reader = createReader(chunks)
  const hash = createHash('sha256')
  const magic = await reader.take(ARCHIVE_MAGIC.byteLength)
  if (magic === undefined || !equals(magic, ARCHIVE_MAGIC)) throw new DamagedBackupError('it holds no archive of this version')
  hash.update(magic)
  let count = 0
  let kind = 0
  for (;;) {
    const head = await reader.take(LENGTH_BYTES)
    if (head === undefined) throw new DamagedBackupError('it ends before its end')
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0)
    if (length > MAX_RECORD_BYTES) throw new DamagedBackupError(`a record has ${length} bytes`)
    const body = await reader.take(length)
    if (body === undefined) throw new DamagedBackupError('it ends within a record')
    const record = decode(body)
    const next = KIND_ORDER.indexOf(record.type)
    if (next < kind || (record.type === 'header') !== (count === 0)) throw new DamagedBackupError(`a ${record.type} record is out of its place`)
    kind = next
    if (record.type === 'end') {
      if (record.records !== count || !equals(record.sha256, new Uint8Array(hash.digest()))) throw new DamagedBackupError('its end does not fit what came before')
      if (await reader.take(1) !== undefined) throw new DamagedBackupError('something follows its end')
      return
    }
    hash.update(head).update(body)
    count++
    yield record
  }
}

function decode (body: Uint8Array): ArchiveRecord {
  try {
    return archiveRecordCodec.decode(body)
  } catch (cause) {
    throw new DamagedBackupError(cause instanceof ParleyError ? cause.message : 'a record cannot be read', { cause })
  }
}

interface ByteReader {
  /** Returns exactly so many bytes, or undefined when fewer are left. */
  take(length: number): Promise<Uint8Array | undefined>
}

function createReader (chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    async take (length) {
      const parts: Uint8Array[] = []
      let missing = length
      while (missing > 0) {
        if (rest.byteLength === 0) {
          const next = await iterator.next()
          if (next.done === true) return undefined
          rest = next.value
          continue
        }
        const part = rest.subarray(0, missing)
        rest = rest.subarray(part.byteLength)
        missing -= part.byteLength
        parts.push(part)
      }
      return parts.length === 1 ? parts[0] : joined(parts, length)
    }
  }
}

function joined (parts: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}
