import { InvalidArgumentError } from '@parley/core'
import { decryptContent, encryptContent } from '@parley/identity'
import { DamagedFileError, FileTooLargeError } from './errors.ts'
import { CHUNK_BYTES, FILE_KEY_BYTES, LEAF_BYTES, MAX_LEAVES, TAG_BYTES } from './limits.ts'
import { cutInto } from './cut.ts'

// The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over
// XChaCha20-Poly1305: the nonce of a chunk is a prefix, its place, and whether
// it is the last. Each file has its own random key, so the prefix may be the
// same for all.
const PREFIX = new TextEncoder().encode('parley/1/file-chunk')
const NONCE_BYTES = 24
const NO_AAD = new Uint8Array(0)

/** Where a chunk stands. */
export interface ChunkPlace {
  /** From 0. */
  index: number
  /** No chunk follows. */
  last: boolean
}

/** A sealed chunk: the bytes of one leaf. */
export interface SealedChunk extends ChunkPlace {
  sealed: Uint8Array<ArrayBuffer>
  /** What was sealed. */
  plain: Uint8Array
}

function nonceOf ({ index, last }: ChunkPlace): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES)
  nonce.set(PREFIX)
  new DataView(nonce.buffer).setUint32(PREFIX.length, index)
  nonce[NONCE_BYTES - 1] = last ? 1 : 0
  return nonce
}

/** Seals one chunk: ciphertext ‖ tag. */
export function sealChunk (key: Uint8Array, place: ChunkPlace, plain: Uint8Array): Uint8Array<ArrayBuffer> {
  // The nonce is known to whoever knows the place, so it is not stored with each chunk.
  return encryptContent(key, plain, NO_AAD, () => nonceOf(place)).subarray(NONCE_BYTES)
}

/** @throws {DamagedFileError} when this is not the chunk of this place and key */
export function openChunk (key: Uint8Array, place: ChunkPlace, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return openWith(key, nonceOf(place), sealed)
  } catch (cause) {
    throw new DamagedFileError(opens(key, { ...place, last: !place.last }, sealed) ? place.last ? 'truncated' : 'extended' : 'altered', `chunk ${place.index}`, { cause })
  }
}

function opens (key: Uint8Array, place: ChunkPlace, sealed: Uint8Array): boolean {
  try {
    openWith(key, nonceOf(place), sealed)
    return true
  } catch {
    return false
  }
}

function openWith (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(NONCE_BYTES + sealed.byteLength)
  whole.set(nonce)
  whole.set(sealed, NONCE_BYTES)
  return decryptContent(key, whole, NO_AAD)
}

/**
 * Seals a file of any length as it is read: yields its chunks in order, each
 * 256 KiB but the last. An empty file has one chunk.
 *
 * @throws {FileTooLargeError} after 65,536 chunks
 */
export async function * sealFile (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, key: Uint8Array): AsyncGenerator<SealedChunk> {
  checkKey(key)
  let index = 0
  for await (const { bytes: plain, last } of cutInto(source, CHUNK_BYTES)) {
    if (index === MAX_LEAVES) throw new FileTooLargeError(MAX_LEAVES * CHUNK_BYTES)
    yield { index, last, plain, sealed: sealChunk(key, { index, last }, plain) }
    index++
  }
}

/**
 * Opens a sealed file that comes as a stream of bytes, as any IPFS tool gives
 * it for the root. Each piece of plaintext is checked before it is yielded;
 * that the whole is all there is known at the end.
 *
 * @throws {DamagedFileError} `truncated`, `extended` or `altered`
 */
export async function * openSealed (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, key: Uint8Array): AsyncGenerator<Uint8Array> {
  checkKey(key)
  let index = 0
  for await (const { bytes: sealed, last } of cutInto(source, LEAF_BYTES)) {
    if (index === MAX_LEAVES) throw new DamagedFileError('extended', 'it has more chunks than a file may have')
    if (sealed.byteLength < TAG_BYTES) throw new DamagedFileError('truncated', `chunk ${index}`)
    yield openChunk(key, { index, last }, sealed)
    index++
  }
}

function checkKey (key: Uint8Array): void {
  if (key.byteLength !== FILE_KEY_BYTES) throw new InvalidArgumentError(`The key of a file has ${FILE_KEY_BYTES} bytes, not ${key.byteLength}`)
}
