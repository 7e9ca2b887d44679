import { createHash } from 'node:crypto'
import { ARCHIVE_MAGIC, archiveRecordCodec, type ArchiveRecord, type ContentRecord } from './archive-records.ts'

const LENGTH_BYTES = 4
/** The size of an age chunk: larger pieces would only wait in its queue. */
const CHUNK_BYTES = 64 * 1024

/** Encodes records, of which the first is the header, as an archive, in pieces of 64 KiB. Holds one record at a time. */
export async function * writeArchive (records: AsyncIterable<ContentRecord>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield * inChunks(framesOf(records))
}

async function * framesOf (records: AsyncIterable<ContentRecord>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256').update(ARCHIVE_MAGIC)
  yield ARCHIVE_MAGIC
  let count = 0
  for await (const record of records) {
    const frame = frameOf(record)
    hash.update(frame)
    count++
    yield frame
  }
  yield frameOf({ type: 'end', records: count, sha256: new Uint8Array(hash.digest()) })
}

function frameOf (record: ArchiveRecord): Uint8Array {
  const body = archiveRecordCodec.encode(record)
  const frame = new Uint8Array(LENGTH_BYTES + body.byteLength)
  new DataView(frame.buffer).setUint32(0, body.byteLength)
  frame.set(body, LENGTH_BYTES)
  return frame
}

async function * inChunks (frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let chunk = new Uint8Array(CHUNK_BYTES)
  let used = 0
  for await (const frame of frames) {
    for (let at = 0; at < frame.byteLength;) {
      const part = frame.subarray(at, at + CHUNK_BYTES - used)
      chunk.set(part, used)
      used += part.byteLength
      at += part.byteLength
      if (used < CHUNK_BYTES) continue
      yield chunk
      chunk = new Uint8Array(CHUNK_BYTES)
      used = 0
    }
  }
  if (used > 0) yield chunk.subarray(0, used)
}
