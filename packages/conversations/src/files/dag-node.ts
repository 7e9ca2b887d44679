import { CID, RAW } from '@parley/core'
import { create } from 'multiformats/hashes/digest'
import { equals } from 'uint8arrays'
import { DamagedFileError } from './errors.ts'
import type { DagPart } from './dag-shape.ts'
import { DAG_PB, SHA2_256 } from './limits.ts'

// A node of the sealed file: DAG-PB (https://ipld.io/specs/codecs/dag-pb/spec/)
// around a UnixFS `File` (https://specs.ipfs.tech/unixfs/). It is written here
// and not by a library because a reader must be able to say what the one valid
// form of a node is, whoever sent it.

const HASH_BYTES = 32
const CID_BYTES = 36

/** A link of a node: a part of the file, and its hash. */
export interface DagLink extends Pick<DagPart, 'level' | 'fileBytes' | 'dagBytes'> {
  cid: CID
}

type Part = Pick<DagPart, 'level' | 'fileBytes' | 'dagBytes'>

/** Protobuf's base-128 numbers, by arithmetic: sizes are past 32 bits. */
function varint (value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push(rest % 128 + 128)
  }
}

const field = (number: number, wireType: 0 | 2): number => number << 3 | wireType

/** The link up to its hash, and behind it. */
function linkFrame ({ level, dagBytes }: Part): { before: number[], after: number[] } {
  const cidHead = [1, level === 0 ? RAW : DAG_PB, SHA2_256, HASH_BYTES]
  // An empty name, and the size of everything below.
  const after = [field(2, 2), 0, field(3, 0), ...varint(dagBytes)]
  const length = 2 + CID_BYTES + after.length
  return { before: [field(2, 2), ...varint(length), field(1, 2), CID_BYTES, ...cidHead], after }
}

function unixfs (parts: readonly Part[]): number[] {
  const total = parts.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
  const data = [field(1, 0), 2, field(3, 0), ...varint(total), ...parts.flatMap(({ fileBytes }) => [field(4, 0), ...varint(fileBytes)])]
  return [field(1, 2), ...varint(data.length), ...data]
}

/** Builds a node with empty places for the hashes, and tells where they are. */
function template (parts: readonly Part[]): { bytes: Uint8Array<ArrayBuffer>, places: number[] } {
  const bytes: number[] = []
  const places: number[] = []
  for (const part of parts) {
    const { before, after } = linkFrame(part)
    bytes.push(...before)
    places.push(bytes.length)
    for (let index = 0; index < HASH_BYTES; index++) bytes.push(0)
    bytes.push(...after)
  }
  bytes.push(...unixfs(parts))
  return { bytes: Uint8Array.from(bytes), places }
}

/** Returns how many bytes the node above these parts has. */
export function nodeBytesOf (parts: readonly Part[]): number {
  const links = parts.reduce((sum, part) => {
    const { before, after } = linkFrame(part)
    return sum + before.length + HASH_BYTES + after.length
  }, 0)
  return links + unixfs(parts).length
}

/** Encodes the node above these links. */
export function encodeNode (links: readonly DagLink[]): Uint8Array<ArrayBuffer> {
  const { bytes, places } = template(links)
  for (const [index, { cid }] of links.entries()) bytes.set(cid.multihash.digest, places[index])
  return bytes
}

/**
 * Reads the hashes of a node that must be the one above these parts.
 *
 * @throws {DamagedFileError} `misshapen` when it is any other
 */
export function decodeNode (bytes: Uint8Array, parts: readonly DagPart[]): CID[] {
  const { bytes: expected, places } = template(parts)
  if (bytes.byteLength !== expected.byteLength) throw new DamagedFileError('misshapen', `a node of ${bytes.byteLength} bytes where ${expected.byteLength} belong`)
  const digests = places.map(place => bytes.slice(place, place + HASH_BYTES))
  for (const [index, digest] of digests.entries()) expected.set(digest, places[index])
  if (!equals(bytes, expected)) throw new DamagedFileError('misshapen', 'a node with other sizes or links')
  return digests.map((digest, index) => CID.createV1(parts[index]?.level === 0 ? RAW : DAG_PB, create(SHA2_256, digest)))
}

/** Reads the size of the sealed file that a node says it is the root of; undefined when it says none. */
export function fileSizeOf (bytes: Uint8Array): number | undefined {
  // Links come first; every other byte of the node is compared once its size is known.
  let at = 0
  const number = (): number | undefined => {
    let value = 0
    for (let shift = 1; shift < 2 ** 49; shift *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value += byte % 128 * shift
      if (byte < 128) return value
    }
    return undefined
  }
  while (bytes[at] === field(2, 2)) {
    at++
    const length = number()
    if (length === undefined) return undefined
    at += length
  }
  if (bytes[at++] !== field(1, 2) || number() === undefined) return undefined
  if (bytes[at++] !== field(1, 0) || bytes[at++] !== 2 || bytes[at++] !== field(3, 0)) return undefined
  return number()
}
