import { toString } from 'uint8arrays'

/** Fills and returns `length` random bytes; a test gives a seeded one. */
export type RandomBytes = (length: number) => Uint8Array

/** Drawn at once: each question to the generator costs more than the bytes. */
const POOL_BYTES = 2048
/** Longer wishes are asked for by themselves. */
const MAX_POOLED_BYTES = 64

let pool: Uint8Array<ArrayBuffer> | undefined
let poolAt = 0

/** Random bytes from the platform's generator. */
export const systemRandom: RandomBytes = length => {
  if (length > MAX_POOLED_BYTES) return crypto.getRandomValues(new Uint8Array(length))
  if (pool === undefined || poolAt + length > POOL_BYTES) {
    pool = crypto.getRandomValues(pool ?? new Uint8Array(POOL_BYTES))
    poolAt = 0
  }
  const bytes = pool.slice(poolAt, poolAt + length)
  // What was handed out may become a key, which nothing else should hold.
  pool.fill(0, poolAt, poolAt + length)
  poolAt += length
  return bytes
}

/** Deterministic bytes for tests and simulations (xoshiro128**); never for keys. */
export function createSeededRandom (seed: number): RandomBytes {
  const state = new Uint32Array(4)
  let mix = seed >>> 0
  for (let index = 0; index < 4; index++) {
    // SplitMix32 spreads a small seed over the whole state.
    mix = (mix + 0x9e3779b9) >>> 0
    let word = mix
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    state[index] = (word ^ (word >>> 15)) >>> 0
  }
  const rotate = (value: number, by: number): number => ((value << by) | (value >>> (32 - by))) >>> 0
  const next = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state
    const result = Math.imul(rotate(Math.imul(b, 5) >>> 0, 7), 9) >>> 0
    const c2 = (c ^ a) >>> 0
    const d2 = (d ^ b) >>> 0
    state[1] = (b ^ c2) >>> 0
    state[0] = (a ^ d2) >>> 0
    state[2] = (c2 ^ (b << 9)) >>> 0
    state[3] = rotate(d2, 11)
    return result
  }
  return length => {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) bytes[index] = next() >>> 24
    return bytes
  }
}

/**
 * Returns a prefixed id that sorts by its time: `call_` + 48-bit milliseconds +
 * 80 random bits, in base32hex (RFC 4648 section 7, lower case), the base32
 * whose alphabet is in ASCII order.
 */
export function createId (prefix: string, components: { clock: { now(): number }, random: RandomBytes }): string {
  const now = Math.floor(components.clock.now())
  const bytes = new Uint8Array(16)
  bytes.set(components.random(10), 6)
  new DataView(bytes.buffer).setUint16(0, Math.floor(now / 2 ** 32))
  new DataView(bytes.buffer).setUint32(2, now >>> 0)
  return `${prefix}_${toString(bytes, 'base32hex')}`
}
