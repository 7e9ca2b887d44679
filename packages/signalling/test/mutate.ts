import type { RandomBytes } from '@parley/core'

/** Returns a copy with one byte changed, cut off, added or doubled; never the same bytes. */
export function mutate (bytes: Uint8Array, random: RandomBytes): Uint8Array<ArrayBuffer> {
  const [a = 0, b = 0, kind = 0, flip = 0] = random(4)
  const at = (a * 256 + b) % bytes.byteLength
  if (kind < 16) return bytes.slice(0, at)
  if (kind < 32) return new Uint8Array([...bytes.subarray(0, at), flip, ...bytes.subarray(at)])
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ (flip === 0 ? 1 : flip)
  return copy
}
