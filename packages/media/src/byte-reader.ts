/** Reads bytes that come in chunks of any size. */
export interface ByteReader {
  /** Bytes taken so far. */
  readonly offset: number
  /** Returns up to `length` bytes without taking them; fewer only at the end. */
  peek(length: number): Promise<Uint8Array>
  /** Takes up to `length` bytes; fewer only at the end. */
  take(length: number): Promise<Uint8Array>
  /** Takes what has arrived, at most `length` bytes; empty only at the end. */
  takeSome(length: number): Promise<Uint8Array>
  /** Passes over up to `length` bytes without keeping them; returns how many there were. */
  skip(length: number): Promise<number>
  /** Tells the source that nothing more is wanted. */
  close(): Promise<void>
}

/** Creates a reader over a whole file or a stream of its parts. */
export function createByteReader (input: Uint8Array | AsyncIterable<Uint8Array>): ByteReader {
  const iterator = input instanceof Uint8Array ? undefined : input[Symbol.asyncIterator]()
  let kept: Uint8Array = input instanceof Uint8Array ? input : new Uint8Array(0)
  let ended = iterator === undefined
  let offset = 0
  /** Gathers chunks first and copies once: a page may come in many small parts. */
  const fill = async (length: number): Promise<void> => {
    const chunks = [kept]
    let size = kept.length
    while (size < length && !ended && iterator !== undefined) {
      const next = await iterator.next()
      if (next.done === true) {
        ended = true
      } else {
        chunks.push(next.value)
        size += next.value.length
      }
    }
    if (chunks.length === 1) return
    kept = new Uint8Array(size)
    let at = 0
    for (const chunk of chunks) {
      kept.set(chunk, at)
      at += chunk.length
    }
  }
  const consume = (length: number): Uint8Array => {
    const taken = kept.subarray(0, length)
    kept = kept.subarray(taken.length)
    offset += taken.length
    return taken
  }
  return {
    get offset () { return offset },
    async peek (length) {
      if (kept.length < length) await fill(length)
      return kept.subarray(0, length)
    },
    async take (length) {
      if (kept.length < length) await fill(length)
      return consume(length)
    },
    async takeSome (length) {
      if (kept.length === 0) await fill(1)
      return consume(length)
    },
    async skip (length) {
      let left = length
      while (left > 0) {
        if (kept.length === 0) await fill(1)
        const taken = consume(Math.min(left, kept.length)).length
        if (taken === 0) break
        left -= taken
      }
      return length - left
    },
    async close () {
      ended = true
      await iterator?.return?.()
    }
  }
}
