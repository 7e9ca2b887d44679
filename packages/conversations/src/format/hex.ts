const PAIRS = Array.from({ length: 256 }, (_none, byte) => byte.toString(16).padStart(2, '0'))

/** Returns bytes as lower-case hex. */
export function hex (bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += PAIRS[byte] ?? ''
  return text
}
