/** Cuts PCM that comes in blocks of any size into blocks of one size. */
export interface Blocks {
  /** Returns the blocks that are full. */
  add(pcm: Float32Array): Float32Array[]
  /** How much waits for the next block to be full. */
  readonly pending: number
}

/** Creates a cutter for blocks of `size` samples. */
export function createBlocks (size: number): Blocks {
  let block = new Float32Array(size)
  let filled = 0
  return {
    add (pcm) {
      const full: Float32Array[] = []
      for (let at = 0; at < pcm.length;) {
        const take = Math.min(size - filled, pcm.length - at)
        block.set(pcm.subarray(at, at + take), filled)
        filled += take
        at += take
        if (filled < size) continue
        full.push(block)
        block = new Float32Array(size)
        filled = 0
      }
      return full
    },
    get pending () { return filled }
  }
}
