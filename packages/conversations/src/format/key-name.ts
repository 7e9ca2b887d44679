/**
 * Returns the 32 bytes at `at` as a text of 16 units, cheap to make and to
 * compare: for maps and sets only, never shown. Texts order as their bytes do.
 */
export function keyName (bytes: Uint8Array, at = 0): string {
  const unit = (index: number): number => (bytes[at + index] ?? 0) << 8 | (bytes[at + index + 1] ?? 0)
  return String.fromCharCode(
    unit(0), unit(2), unit(4), unit(6), unit(8), unit(10), unit(12), unit(14),
    unit(16), unit(18), unit(20), unit(22), unit(24), unit(26), unit(28), unit(30)
  )
}

/** Returns the bytes that `keyName` was given. */
export function keyBytes (name: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(name.length * 2)
  for (let index = 0; index < name.length; index++) {
    const unit = name.charCodeAt(index)
    bytes[index * 2] = unit >> 8
    bytes[index * 2 + 1] = unit & 0xff
  }
  return bytes
}
