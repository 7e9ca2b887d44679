/** What was found, as it is ordered: nothing else is in memory of it. */
export interface Ranked {
  score: number
  time: number
  /** The number under which the document's own text is stored. */
  text: number
}

/** Orders what was found, best first and, of equals, newest first; only as far as somebody asks. */
export interface Ranking {
  readonly size: number
  add(hit: Ranked): void
  /** Takes the best away; add nothing afterwards. */
  next(): Ranked | undefined
}

/** Creates a heap: the first hits of many cost no sorting of the rest. Three numbers a hit. */
export function createRanking (): Ranking {
  let values = new Float64Array(3 * 256)
  let size = 0
  let isHeap = false
  const isBetter = (a: number, b: number): boolean => {
    const byScore = (values[a * 3] ?? 0) - (values[b * 3] ?? 0)
    if (byScore !== 0) return byScore > 0
    const byTime = (values[a * 3 + 1] ?? 0) - (values[b * 3 + 1] ?? 0)
    return byTime !== 0 ? byTime > 0 : (values[a * 3 + 2] ?? 0) > (values[b * 3 + 2] ?? 0)
  }
  const swap = (a: number, b: number): void => {
    for (let field = 0; field < 3; field++) {
      const kept = values[a * 3 + field] ?? 0
      values[a * 3 + field] = values[b * 3 + field] ?? 0
      values[b * 3 + field] = kept
    }
  }
  const sink = (from: number): void => {
    for (let at = from; ;) {
      let best = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < size && isBetter(child, best)) best = child
      }
      if (best === at) return
      swap(at, best)
      at = best
    }
  }
  return {
    get size () { return size },
    add ({ score, time, text }) {
      if ((size + 1) * 3 > values.length) {
        const larger = new Float64Array(values.length * 2)
        larger.set(values)
        values = larger
      }
      values.set([score, time, text], size++ * 3)
    },
    next () {
      if (!isHeap) {
        for (let at = (size >> 1) - 1; at >= 0; at--) sink(at)
        isHeap = true
      }
      if (size === 0) return undefined
      const [score = 0, time = 0, text = 0] = values.subarray(0, 3)
      swap(0, --size)
      sink(0)
      return { score, time, text }
    }
  }
}
