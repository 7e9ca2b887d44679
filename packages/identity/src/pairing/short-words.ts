import { InvalidArgumentError } from '@parley/core'
import { wordlist } from '@scure/bip39/wordlists/english.js'

const BITS_PER_WORD = 11

/**
 * Returns `count` words of the English BIP-39 list, one for each 11 bits of
 * `bytes` from its first bit on. The list was made to be read aloud: no two
 * words begin with the same four letters.
 */
export function shortWords (bytes: Uint8Array, count: number): string[] {
  if (bytes.byteLength * 8 < count * BITS_PER_WORD) throw new InvalidArgumentError(`${count} words take ${count * BITS_PER_WORD} bits, not ${bytes.byteLength * 8}`)
  return Array.from({ length: count }, (_value, index) => wordlist[bitsAt(bytes, index * BITS_PER_WORD)] ?? '')
}

function bitsAt (bytes: Uint8Array, from: number): number {
  let value = 0
  for (let bit = from; bit < from + BITS_PER_WORD; bit++) value = value << 1 | ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7)) & 1)
  return value
}

/** Returns the number that big-endian `bytes` give, modulo 10^`digits`, with leading zeros. */
export function shortDigits (bytes: Uint8Array, digits: number): string {
  const number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return (number % 10n ** BigInt(digits)).toString().padStart(digits, '0')
}
