import type { BatchFrame } from './frames.ts'
import { MAX_BATCH_BLOCKS, MAX_BATCH_BYTES, MAX_BLOCK_BYTES } from './limits.ts'

/*
 * A batch is the one frame whose speed counts: with the general codec most of
 * the work of a bulk sync outside of merging went into looking at each block
 * three times. Its canonical form is a map of four with the keys in the order
 * `n v type blocks`, so it can be written and read in one pass. Whatever is
 * not exactly of this shape is left to the general codec, which says what is
 * wrong with it.
 */

const BEFORE_N = Uint8Array.of(0xa4, 0x61, 0x6e)
/** `"v": 1, "type": "batch", "blocks":` */
const BEFORE_BLOCKS = Uint8Array.of(0x61, 0x76, 0x01, 0x64, 0x74, 0x79, 0x70, 0x65, 0x65, 0x62, 0x61, 0x74, 0x63, 0x68, 0x66, 0x62, 0x6c, 0x6f, 0x63, 0x6b, 0x73)
const UNSIGNED = 0
const BYTES = 2
const LIST = 4

/** Returns the frame's bytes, or undefined when it must go through the general codec. */
export function encodeBatch ({ n, blocks }: BatchFrame): Uint8Array<ArrayBuffer> | undefined {
  if (n > 0xffff_ffff || !fits(blocks)) return undefined
  const sizeBytes = blocks.reduce((sum, block) => sum + headBytes(block.byteLength) + block.byteLength, 0)
  const bytes = new Uint8Array(BEFORE_N.length + headBytes(n) + BEFORE_BLOCKS.length + headBytes(blocks.length) + sizeBytes)
  bytes.set(BEFORE_N)
  let at = writeHead(bytes, BEFORE_N.length, UNSIGNED, n)
  bytes.set(BEFORE_BLOCKS, at)
  at = writeHead(bytes, at + BEFORE_BLOCKS.length, LIST, blocks.length)
  for (const block of blocks) {
    at = writeHead(bytes, at, BYTES, block.byteLength)
    bytes.set(block, at)
    at += block.byteLength
  }
  return bytes
}

/** Returns the frame, or undefined when the bytes must go through the general codec. */
export function decodeBatch (bytes: Uint8Array): BatchFrame | undefined {
  if (!startsWith(bytes, 0, BEFORE_N)) return undefined
  const n = readHead(bytes, BEFORE_N.length, UNSIGNED)
  if (n === undefined || !startsWith(bytes, n.next, BEFORE_BLOCKS)) return undefined
  const list = readHead(bytes, n.next + BEFORE_BLOCKS.length, LIST)
  if (list === undefined || list.value === 0 || list.value > MAX_BATCH_BLOCKS) return undefined
  const blocks: Uint8Array<ArrayBuffer>[] = []
  let at = list.next
  let totalBytes = 0
  for (let index = 0; index < list.value; index++) {
    const head = readHead(bytes, at, BYTES)
    if (head === undefined || head.value > MAX_BLOCK_BYTES || head.next + head.value > bytes.byteLength) return undefined
    totalBytes += head.value
    at = head.next + head.value
    // Copied, so that a block that is kept does not keep its whole frame.
    blocks.push(new Uint8Array(bytes.subarray(head.next, at)))
  }
  if (at !== bytes.byteLength || totalBytes > MAX_BATCH_BYTES) return undefined
  return { v: 1, type: 'batch', n: n.value, blocks }
}

function fits (blocks: Uint8Array[]): boolean {
  if (blocks.length === 0 || blocks.length > MAX_BATCH_BLOCKS) return false
  return blocks.every(block => block.byteLength <= MAX_BLOCK_BYTES) && blocks.reduce((sum, block) => sum + block.byteLength, 0) <= MAX_BATCH_BYTES
}

function startsWith (bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[at + index] === byte)
}

/** Size of a CBOR head (RFC 8949, section 3) in its shortest form, up to 32 bits. */
function headBytes (value: number): number {
  if (value < 24) return 1
  if (value < 0x100) return 2
  return value < 0x1_0000 ? 3 : 5
}

function writeHead (bytes: Uint8Array, at: number, major: number, value: number): number {
  const size = headBytes(value)
  bytes[at] = major << 5 | (size === 1 ? value : { 2: 24, 3: 25, 5: 26 }[size] ?? 0)
  for (let index = 1; index < size; index++) bytes[at + index] = value >>> 8 * (size - 1 - index) & 0xff
  return at + size
}

/** Reads a head of the given major type; undefined when it is another, is not the shortest or is longer than 32 bits. */
function readHead (bytes: Uint8Array, at: number, major: number): { value: number, next: number } | undefined {
  const first = bytes[at]
  if (first === undefined || first >> 5 !== major) return undefined
  const info = first & 31
  if (info < 24) return { value: info, next: at + 1 }
  const size = { 24: 1, 25: 2, 26: 4 }[info]
  if (size === undefined || at + 1 + size > bytes.byteLength) return undefined
  let value = 0
  for (let index = 1; index <= size; index++) value = value * 256 + (bytes[at + index] ?? 0)
  return headBytes(value) === size + 1 ? { value, next: at + 1 + size } : undefined
}
