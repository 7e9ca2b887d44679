/** Finds a row by its 32-byte hash in a buffer of rows; holds row numbers only. */
export interface HashTable {
  /** Returns the row whose hash is the 32 bytes at `at`, or -1. */
  find(bytes: Uint8Array, at: number): number
  /** Adds the row with the hash at `at`, which must not be there yet. */
  add(bytes: Uint8Array, at: number, row: number): void
}

/**
 * Creates an open-addressing table over rows whose hash `rowHash` locates.
 * SHA-256 spreads by itself, so the first four bytes are the slot; a Map with
 * a string for each hash costs ten times the memory and five times the time.
 */
export function createHashTable (rowHash: (row: number) => { bytes: Uint8Array, at: number }, { expected = 100 }: { expected?: number } = {}): HashTable {
  let slots = new Int32Array(2 ** Math.ceil(Math.log2(expected * 2 + 2)))
  let used = 0
  const first = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 | (bytes[at + 3] ?? 0) << 24
  const place = (bytes: Uint8Array, at: number, row: number): void => {
    const mask = slots.length - 1
    let slot = first(bytes, at) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = row + 1
  }
  const grow = (): void => {
    const old = slots
    slots = new Int32Array(old.length * 2)
    for (const entry of old) {
      if (entry === 0) continue
      const { bytes, at } = rowHash(entry - 1)
      place(bytes, at, entry - 1)
    }
  }
  return {
    find (bytes, at) {
      const mask = slots.length - 1
      for (let slot = first(bytes, at) & mask; ; slot = (slot + 1) & mask) {
        const entry = slots[slot] ?? 0
        if (entry === 0) return -1
        const candidate = rowHash(entry - 1)
        if (sameHash(candidate.bytes, candidate.at, bytes, at)) return entry - 1
      }
    },
    add (bytes, at, row) {
      if (++used * 2 > slots.length) grow()
      place(bytes, at, row)
    }
  }
}

function sameHash (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (let index = 0; index < 32; index++) {
    if (a[aAt + index] !== b[bAt + index]) return false
  }
  return true
}
