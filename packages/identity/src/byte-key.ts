/** Returns a text that is the same exactly for the same bytes, to find things by in maps; not for people. */
export function byteKey (bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
