import type { RandomBytes } from '@parley/core'

/** Alters one byte, cuts, drops, doubles or inserts, as the random bytes say; the result always differs. */
export function mutate (bytes: Uint8Array, random: RandomBytes): Uint8Array {
  const draw = (limit: number): number => random(4).reduce((sum, byte) => sum * 256 + byte, 0) % limit
  const at = draw(bytes.byteLength)
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (draw(8)) {
    case 0: return head.slice()
    case 1: return Uint8Array.from([...head, ...tail.subarray(1)])
    case 2: return Uint8Array.from([...bytes, ...tail])
    case 3: return Uint8Array.from([...head, draw(256), ...tail])
    default: return bytes.with(at, (tail[0] ?? 0) ^ (1 + draw(255)))
  }
}
