import { bytesSchema, createCodec } from '@parley/core'
import { sha512 } from '@noble/hashes/sha2.js'
import { compare, concat } from 'uint8arrays'
import * as z from 'zod/mini'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from './did.ts'
import { OtherKeyError, WrongPersonError } from './pairing/errors.ts'
import { shortDigits, shortWords } from './pairing/short-words.ts'
import { bytesOfParleyUrl, parleyUrl } from './parley-url.ts'

const LABEL = new TextEncoder().encode('parley/1/safety-number')
const SEPARATOR = Uint8Array.of(0)
const ITERATIONS = 5200
const GROUPS_EACH = 6
const GROUP_BYTES = 5
const WORDS_EACH = 6

const WHAT = 'verification code'
const PATH = 'verify/1/'
const MAX_VERIFICATION_BYTES = 256

const codec = createCodec(WHAT, z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: KEY_BYTES }),
  contact: bytesSchema({ exactBytes: KEY_BYTES })
}), { maxBytes: MAX_VERIFICATION_BYTES })

/** What two people read to each other to be sure of each other's keys. */
export interface SafetyNumber {
  /** Twelve groups of five decimal digits. */
  groups: string[]
  /** Twelve words of the English BIP-39 list, for those who would rather read words; either is enough. */
  words: string[]
}

/** Who shows a verification code, and whom they hold the other for. */
export interface Verification {
  person: Did
  contact: Did
}

/**
 * Returns the safety number of two people, the same whoever computes it. It
 * depends on their keys alone, so new devices leave it as it is. Takes some tens
 * of milliseconds.
 *
 * Made like Signal's (libsignal, rust/protocol/src/fingerprint.rs): each
 * person's key is hashed 5,200 times with SHA-512 and gives half of the
 * number, the lesser half first. Halves cannot be traded against each other, so
 * whoever wants to stand between two people has to find a key for each of the
 * two halves: 2^99 hashes for the digits of one, 2^66 for the words, each
 * times 5,200.
 */
export function safetyNumber (a: Did | { person: Did }, b: Did | { person: Did }): SafetyNumber {
  const halves = [a, b].map(fingerprintOf).sort(compare)
  return {
    groups: halves.flatMap(half => Array.from({ length: GROUPS_EACH }, (_value, index) => shortDigits(half.subarray(index * GROUP_BYTES, (index + 1) * GROUP_BYTES), 5))),
    words: halves.flatMap(half => shortWords(half.subarray(GROUPS_EACH * GROUP_BYTES), WORDS_EACH))
  }
}

/** Returns what `person` shows to `contact` as a QR code: `parley:verify/1/…`. */
export function verificationUrl ({ person, contact }: Verification): string {
  return parleyUrl(PATH, codec.encode({ v: 1, person: publicKeyFromDid(person), contact: publicKeyFromDid(contact) }))
}

/**
 * Returns what a verification URL says. Nothing in it is secret or signed: that
 * it was scanned from the other's own screen is what makes it worth something.
 *
 * @throws {InvalidUrlError | InvalidBytesError}
 */
export function parseVerificationUrl (text: string): Verification {
  const { person, contact } = codec.decode(bytesOfParleyUrl('verification', PATH, text, MAX_VERIFICATION_BYTES))
  return { person: didFromPublicKey(person), contact: didFromPublicKey(contact) }
}

/**
 * Compares what was scanned from the other's screen with what we hold, and
 * returns the verified person: the two of us hold each other's true keys.
 *
 * @throws {WrongPersonError} when the screen is that of somebody else than `own.contact`
 * @throws {OtherKeyError} when they hold another key for us than ours
 */
export function compareVerification (own: Verification, scanned: Verification): Did {
  if (scanned.person !== own.contact) throw new WrongPersonError(own.contact, scanned.person)
  if (scanned.contact !== own.person) throw new OtherKeyError(own.person, scanned.contact)
  return scanned.person
}

function fingerprintOf (who: Did | { person: Did }): Uint8Array {
  const key = publicKeyFromDid(typeof who === 'string' ? who : who.person)
  let hash = sha512(concat([LABEL, SEPARATOR, key]))
  for (let iteration = 1; iteration < ITERATIONS; iteration++) hash = sha512(concat([hash, key]))
  return hash
}
