import { OversizedBytesError, type HybridTime } from '@parley/core'
import { HISTORIES, PERMISSIONS, type AccessChange } from './access-change.ts'
import { LINK_BYTES } from './cbor-reader.ts'
import type { KeyCopy } from './key-copy.ts'
import { MAX_ACTION_BYTES } from './limits.ts'
import { KEY } from './map-keys.ts'

/** What an action says outside of its seal. Lists are given in their order. */
export interface ActionFields {
  /** The hash of the conversation's CID. */
  conversation: Uint8Array
  author: Uint8Array
  person: Uint8Array
  seq: number
  prev: Uint8Array | undefined
  heads: Uint8Array[]
  time: HybridTime
  epoch: number
  access?: AccessChange | undefined
  keys?: KeyCopy[] | undefined
  /** Whole CIDs, 36 bytes each. */
  links?: Uint8Array[] | undefined
  sealed: Uint8Array
}

const LINK_HEAD = Uint8Array.of(0xd8, 0x2a, 0x58, 0x25, 0x00)
const DAG_CBOR_SHA256 = Uint8Array.of(0x01, 0x71, 0x12, 0x20)
const FIXED_BYTES = 400
/** A map of three short keys, a key of 32 bytes and two numbers. */
const GRANT_BYTES = 64

/** Writes an action's block with 64 empty bytes for its signature; `body` is the part to sign, within `block`. */
export function encodeAction (fields: ActionFields): { block: Uint8Array<ArrayBuffer>, body: Uint8Array<ArrayBuffer> } {
  const buffer = new Uint8Array(sizeBound(fields))
  const writer = { buffer, at: 0 }
  buffer[writer.at++] = 0x82
  writeHead(writer, 5, 10 + Number(fields.keys !== undefined) + Number(fields.links !== undefined) + Number(fields.access !== undefined))
  write(writer, KEY.v)
  writeHead(writer, 0, 1)
  write(writer, KEY.seq)
  writeHead(writer, 0, fields.seq)
  if (fields.keys !== undefined) writeKeys(writer, fields.keys)
  write(writer, KEY.prev)
  if (fields.prev === undefined) buffer[writer.at++] = 0xf6
  else writeLink(writer, fields.prev)
  write(writer, KEY.time)
  writeTime(writer, fields.time)
  write(writer, KEY.epoch)
  writeHead(writer, 0, fields.epoch)
  write(writer, KEY.heads)
  writeHead(writer, 4, fields.heads.length)
  for (const head of fields.heads) writeLink(writer, head)
  if (fields.links !== undefined) writeLinks(writer, fields.links)
  if (fields.access !== undefined) writeAccess(writer, fields.access)
  write(writer, KEY.author)
  writeBytes(writer, fields.author)
  write(writer, KEY.person)
  writeBytes(writer, fields.person)
  write(writer, KEY.sealed)
  writeBytes(writer, fields.sealed)
  write(writer, KEY.conversation)
  writeLink(writer, fields.conversation)
  const bodyEnd = writer.at
  buffer[writer.at++] = 0x58
  buffer[writer.at++] = 64
  const end = writer.at + 64
  if (end > MAX_ACTION_BYTES) throw new OversizedBytesError('action', end, MAX_ACTION_BYTES)
  // A copy, so that what is kept holds no larger buffer alive.
  const block = buffer.slice(0, end)
  return { block, body: block.subarray(1, bodyEnd) }
}

interface Writer { readonly buffer: Uint8Array<ArrayBuffer>, at: number }

function sizeBound (fields: ActionFields): number {
  let bytes = FIXED_BYTES + fields.sealed.length + fields.heads.length * LINK_BYTES + (fields.links?.length ?? 0) * LINK_BYTES
  for (const copy of fields.keys ?? []) bytes += 120 + copy.ct.length
  if (fields.access !== undefined) bytes += 32 + GRANT_BYTES * fields.access.add.length + 34 * fields.access.remove.length
  return bytes
}

function write (writer: Writer, bytes: Uint8Array): void {
  writer.buffer.set(bytes, writer.at)
  writer.at += bytes.length
}

function writeHead (writer: Writer, major: number, value: number): void {
  const { buffer } = writer
  const type = major << 5
  if (value < 24) {
    buffer[writer.at++] = type | value
    return
  }
  const width = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8
  buffer[writer.at] = type | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27)
  let rest = value
  for (let index = width; index > 0; index--) {
    buffer[writer.at + index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  writer.at += width + 1
}

function writeBytes (writer: Writer, bytes: Uint8Array): void {
  writeHead(writer, 2, bytes.length)
  write(writer, bytes)
}

function writeLink (writer: Writer, hash: Uint8Array): void {
  write(writer, LINK_HEAD)
  write(writer, DAG_CBOR_SHA256)
  write(writer, hash)
}

function writeLinks (writer: Writer, links: Uint8Array[]): void {
  write(writer, KEY.links)
  writeHead(writer, 4, links.length)
  for (const link of links) {
    write(writer, LINK_HEAD)
    write(writer, link)
  }
}

function writeTime (writer: Writer, { wallMs, counter, offsetMinutes }: HybridTime): void {
  writeHead(writer, 4, 3)
  writeHead(writer, 0, wallMs)
  writeHead(writer, 0, counter)
  if (offsetMinutes < 0) writeHead(writer, 1, -1 - offsetMinutes)
  else writeHead(writer, 0, offsetMinutes)
}

function writeAccess (writer: Writer, { add, remove }: AccessChange): void {
  write(writer, KEY.access)
  writeHead(writer, 5, 2)
  write(writer, KEY.add)
  writeHead(writer, 4, add.length)
  for (const { person, permission, history } of add) {
    writeHead(writer, 5, 3)
    write(writer, KEY.person)
    writeBytes(writer, person)
    write(writer, KEY.history)
    writeHead(writer, 0, HISTORIES.indexOf(history))
    write(writer, KEY.permission)
    writeHead(writer, 0, PERMISSIONS.indexOf(permission))
  }
  write(writer, KEY.remove)
  writeHead(writer, 4, remove.length)
  for (const person of remove) writeBytes(writer, person)
}

function writeKeys (writer: Writer, keys: KeyCopy[]): void {
  write(writer, KEY.keys)
  writeHead(writer, 4, keys.length)
  for (const copy of keys) {
    writeHead(writer, 5, copy.prekey === undefined ? 3 : 4)
    write(writer, KEY.ct)
    writeBytes(writer, copy.ct)
    write(writer, KEY.enc)
    writeBytes(writer, copy.enc)
    write(writer, KEY.device)
    writeBytes(writer, copy.device)
    if (copy.prekey === undefined) continue
    write(writer, KEY.prekey)
    writeBytes(writer, copy.prekey)
  }
}
