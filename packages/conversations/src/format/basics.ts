import { cidOf, countSchema, createCodec, bytesSchema, sha256, type CID } from '@parley/core'
import { concat, equals } from 'uint8arrays'
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

const HOME = new TextEncoder().encode('parley/1/home')

/** Returns the 16-byte salt of the subject of a person's home log, from their 32-byte key. */
export function homeSalt (person: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(concat([HOME, person])).slice(0, 16)
}

/** Returns the basics of a person's home log, begun at the time at which their device list was. */
export function homeBasics (person: Uint8Array, time: number): Basics {
  return { v: 1, creator: person, time, subject: hashSubject(homeSalt(person), '') }
}

/** Tells whether basics are those of a home log: anybody can, since its salt is no secret. */
export function isHome ({ creator, subject }: Basics): boolean {
  return equals(subject, hashSubject(homeSalt(creator), ''))
}

const GUEST = new TextEncoder().encode('parley/1/guest')
const GUEST_TAG_BYTES = 16

/**
 * Returns the basics of a guest log. Its subject is a tag that follows from its
 * creator, and random bytes: nobody who does not have it can tell its id, and
 * so nobody can ask whether it is there.
 */
export function guestBasics (creator: Uint8Array, time: number, random: Uint8Array): Basics {
  return { v: 1, creator, time, subject: concat([guestTag(creator), random.subarray(0, 32 - GUEST_TAG_BYTES)]) }
}

/** Tells whether basics are those of a guest log. */
export function isGuestLog ({ creator, subject }: Basics): boolean {
  return equals(subject.subarray(0, GUEST_TAG_BYTES), guestTag(creator))
}

function guestTag (creator: Uint8Array): Uint8Array {
  return sha256(concat([GUEST, creator])).slice(0, GUEST_TAG_BYTES)
}

/** Tells basics from actions by their first byte: a map of four keys against a list of two. */
export function looksLikeBasics (bytes: Uint8Array): boolean {
  return bytes[0] === 0xa4
}
