import { encodeCanonical, sha256 } from '@parley/core'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as sha256Hash } from '@noble/hashes/sha2.js'
import { concat } from 'uint8arrays'
import type { PairingSideName } from './pairing-code.ts'
import { shortDigits, shortWords } from './short-words.ts'

const encoder = new TextEncoder()
const label = (name: string): Uint8Array => encoder.encode(`parley/1/pair-${name}`)
const SEPARATOR = Uint8Array.of(0)

const COMMITMENT = label('commitment')
const PROOF = label('proof')
const SAS = label('sas')
const CONFIRMATION = { new: label('confirm-new'), existing: label('confirm-existing') }
const RECEIPT = label('receipt')

/** Length of each side's nonce. */
export const PAIRING_NONCE_BYTES = 32

const HASH_BYTES = 32
/** 64 bits leave the digits as good as uniform; those of the four words follow. */
const SAS_DIGIT_BYTES = 8
const SAS_WORD_BYTES = 6

/** What two people compare on their screens: the same on both, or somebody stands between. */
export interface ShortAuthentication {
  /** Six decimal digits. */
  digits: string
  /** Four words, independent of the digits. */
  words: string[]
}

/** What both sides derive from the same exchange, and nobody else. */
export interface PairingSecrets {
  /** SHA-256 of everything that was said before the people compare, 32 bytes. */
  readonly transcript: Uint8Array<ArrayBuffer>
  readonly sas: ShortAuthentication
  /** What the side sends once its people said that the words agree, 32 bytes. */
  confirmation(side: PairingSideName): Uint8Array<ArrayBuffer>
  /** What the new device sends once it keeps what came in `welcome`, 32 bytes. */
  receipt(welcome: Uint8Array): Uint8Array<ArrayBuffer>
}

/** Returns what hides a nonce until it is revealed; 32 random bytes cannot be guessed from it. */
export function pairingCommitment (nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(concat([COMMITMENT, SEPARATOR, nonce]))
}

/**
 * Returns the proof that the token of a code was read, without saying it:
 * HMAC-SHA256 over the SHA-256 of the code and the encoded hello.
 */
export function pairingProof ({ token, code, hello }: { token: Uint8Array, code: Uint8Array, hello: Uint8Array }): Uint8Array<ArrayBuffer> {
  const key = hkdf(sha256Hash, token, undefined, PROOF, HASH_BYTES)
  return new Uint8Array(hmac(sha256Hash, key, concat([sha256(code), hello])))
}

/**
 * Derives what both sides share once both nonces are revealed. `code` are the
 * bytes of the pairing code; `hello`, `answer` and `reveal` the frames as they
 * travelled. HKDF-SHA256 (RFC 5869) of the token, salted with the transcript.
 */
export function createPairingSecrets ({ token, code, hello, answer, reveal }: { token: Uint8Array, code: Uint8Array, hello: Uint8Array, answer: Uint8Array, reveal: Uint8Array }): PairingSecrets {
  const transcript = sha256(encodeCanonical([code, hello, answer, reveal].map(part => part.slice())))
  const derive = (info: Uint8Array, length: number): Uint8Array<ArrayBuffer> => new Uint8Array(hkdf(sha256Hash, token, transcript, info, length))
  const sas = derive(SAS, SAS_DIGIT_BYTES + SAS_WORD_BYTES)
  return {
    transcript,
    sas: { digits: shortDigits(sas.subarray(0, SAS_DIGIT_BYTES), 6), words: shortWords(sas.subarray(SAS_DIGIT_BYTES), 4) },
    confirmation: side => derive(CONFIRMATION[side], HASH_BYTES),
    receipt: welcome => new Uint8Array(hmac(sha256Hash, derive(RECEIPT, HASH_BYTES), sha256(welcome)))
  }
}
