import { cidOf, countSchema, createCodec, bytesSchema, sha256, type CID } from '@parley/core'
import * as z from 'zod/mini'
import { WALL_LIMIT } from './limits.ts'

/** What a conversation's id is the hash of. */
export interface Basics {
  v: 1
  /** The creator's 32-byte key. */
  creator: Uint8Array
  /** Wall milliseconds. */
  time: number
  /** The salted hash of the first subject, 32 bytes. */
  subject: Uint8Array
}

const codec = createCodec<Basics>('conversation’s basics', z.strictObject({
  v: z.literal(1),
  creator: bytesSchema({ exactBytes: 32 }),
  time: countSchema(WALL_LIMIT - 1),
  subject: bytesSchema({ exactBytes: 32 })
}), { maxBytes: 256 })

/** Encodes basics; the CID of the bytes is the conversation's id. */
export function encodeBasics (basics: Basics): { bytes: Uint8Array<ArrayBuffer>, cid: CID } {
  const bytes = codec.encode(basics)
  return { bytes, cid: cidOf(bytes) }
}

/** @throws {OversizedBytesError | InvalidBytesError} */
export function decodeBasics (bytes: Uint8Array): Basics {
  return codec.decode(bytes)
}

/** Hashes a subject with its 16-byte salt, so that the basics do not tell a guessable subject. */
export function hashSubject (salt: Uint8Array, subject: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(subject)
  const bytes = new Uint8Array(salt.length + text.length)
  bytes.set(salt)
  bytes.set(text, salt.length)
  return sha256(bytes)
}

/** Tells basics from actions by their first byte: a map of four keys against a list of two. */
export function looksLikeBasics (bytes: Uint8Array): boolean {
  return bytes[0] === 0xa4
}
