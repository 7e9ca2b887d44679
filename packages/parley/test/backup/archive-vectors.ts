import { cidOf } from '@parley/core'
import { toString } from 'uint8arrays'
import type { ContentRecord } from '../../src/backup/archive-records.ts'
import { writeArchive } from '../../src/backup/write-archive.ts'

const repeated = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
const block = repeated(5, 8)

/** One record of each kind. */
export const RECORDS: ContentRecord[] = [
  { v: 1, type: 'header', person: repeated(1), device: repeated(2), created: 1_700_000_000_000 },
  { type: 'key', name: 'device', secret: repeated(3) },
  { type: 'entry', key: '/people/one', value: repeated(4, 4) },
  { type: 'block', hash: cidOf(block).multihash.bytes.slice(), bytes: block }
]

/** Yields records as a store would. */
export async function * each<T> (values: Iterable<T>): AsyncGenerator<T> {
  yield * values
}

/** Returns all bytes of a stream. */
export async function bytesOf (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return new Uint8Array(Buffer.concat(parts))
}

/** The archive of the header alone, and of one record of each kind, as hex. */
export async function archiveVectors () {
  return {
    header: toString(await bytesOf(writeArchive(each(RECORDS.slice(0, 1)))), 'hex'),
    whole: toString(await bytesOf(writeArchive(each(RECORDS))), 'hex')
  }
}
