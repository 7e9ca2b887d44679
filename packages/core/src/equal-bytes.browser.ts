import { equals } from 'uint8arrays'

/** Tells whether two byte strings are the same. */
export function equalBytes (a: Uint8Array, b: Uint8Array): boolean {
  return equals(a, b)
}
