import { createHashTable } from './hash-table.ts'

/** What the log remembers of an action without reading its block. */
export interface Row {
  /** Number of the author in the log's table of authors. */
  author: number
  seq: number
  wallMs: number
  counter: number
  epoch: number
  /** Number of the access version that holds after this action. */
  access: number
  /** Row of the author's previous action, or -1. */
  prev: number
}

/** The rows of a log in the order of their arrival, which is a causal order. */
export interface LogRows {
  readonly size: number
  /** Returns the row of the action whose hash is the 32 bytes at `at`, or -1. */
  find(hash: Uint8Array, at?: number): number
  add(hash: Uint8Array, row: Row): number
  /** Returns a copy of the hash of a row. */
  hash(row: number): Uint8Array<ArrayBuffer>
  /** Compares two rows by time, then hash: the common order. */
  compare(a: number, b: number): number
  author(row: number): number
  seq(row: number): number
  wallMs(row: number): number
  counter(row: number): number
  epoch(row: number): number
  access(row: number): number
  prev(row: number): number
  /** Returns rows `from` to the end as they are stored. */
  slice(from: number): Uint8Array<ArrayBuffer>
  /** Adds rows as `slice` returned them. */
  load(bytes: Uint8Array): void
}

/** Bytes of a row: hash, author, seq, wall, counter, epoch, access, prev; big-endian. */
export const ROW_BYTES = 64
const NONE = 0xffffffff

/** Creates an empty list. The rows stand in one buffer, in the form in which they are stored. */
export function createLogRows (): LogRows {
  let buffer = new Uint8Array(ROW_BYTES * 64)
  let view = new DataView(buffer.buffer)
  let size = 0
  const located = { bytes: buffer, at: 0 }
  const table = createHashTable(row => {
    located.bytes = buffer
    located.at = row * ROW_BYTES
    return located
  })
  const reserve = (rows: number): void => {
    if (rows * ROW_BYTES <= buffer.length) return
    const larger = new Uint8Array(Math.max(buffer.length * 2, rows * ROW_BYTES))
    larger.set(buffer)
    buffer = larger
    view = new DataView(buffer.buffer)
  }
  const word = (row: number, field: number): number => view.getUint32(row * ROW_BYTES + field)
  return {
    get size () { return size },
    find: (hash, at = 0) => table.find(hash, at),
    add (hash, row) {
      reserve(size + 1)
      const at = size * ROW_BYTES
      buffer.set(hash, at)
      view.setUint32(at + 32, row.author)
      view.setUint32(at + 36, row.seq)
      view.setFloat64(at + 40, row.wallMs)
      view.setUint32(at + 48, row.counter)
      view.setUint32(at + 52, row.epoch)
      view.setUint32(at + 56, row.access)
      view.setUint32(at + 60, row.prev < 0 ? NONE : row.prev)
      table.add(buffer, at, size)
      return size++
    },
    hash: row => buffer.slice(row * ROW_BYTES, row * ROW_BYTES + 32),
    compare (a, b) {
      const byTime = view.getFloat64(a * ROW_BYTES + 40) - view.getFloat64(b * ROW_BYTES + 40) || word(a, 48) - word(b, 48)
      if (byTime !== 0) return byTime
      for (let index = 0; index < 32; index++) {
        const difference = (buffer[a * ROW_BYTES + index] ?? 0) - (buffer[b * ROW_BYTES + index] ?? 0)
        if (difference !== 0) return difference
      }
      return 0
    },
    author: row => word(row, 32),
    seq: row => word(row, 36),
    wallMs: row => view.getFloat64(row * ROW_BYTES + 40),
    counter: row => word(row, 48),
    epoch: row => word(row, 52),
    access: row => word(row, 56),
    prev (row) {
      const prev = word(row, 60)
      return prev === NONE ? -1 : prev
    },
    slice: from => buffer.slice(from * ROW_BYTES, size * ROW_BYTES),
    load (bytes) {
      const count = bytes.length / ROW_BYTES
      reserve(size + count)
      buffer.set(bytes, size * ROW_BYTES)
      const end = size + count
      for (; size < end; size++) table.add(buffer, size * ROW_BYTES, size)
    }
  }
}
