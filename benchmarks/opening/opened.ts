/** What opening a log in a new process came to. */
export interface Opened {
  wallMs: number
  /** Messages, entries or blocks that were there. */
  count: number
  /** What the process has more than before it opened the log, after collecting garbage: heap and buffers. */
  memoryBytes: number
}

/** Measures opening; needs `--expose-gc`. What `open` returns stays alive until the memory was measured. */
export async function measureOpening<T> (open: () => Promise<T>, count: (opened: T) => number): Promise<Opened> {
  const before = memory()
  const startedMs = performance.now()
  const opened = await open()
  const wallMs = performance.now() - startedMs
  const memoryBytes = memory() - before
  return { wallMs, memoryBytes, count: count(opened) }
}

function memory (): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
