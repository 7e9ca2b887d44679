import { Uint8ArrayList } from 'uint8arraylist'

/** Past this, waiting for more to put beside it gains nothing. */
const FULL_BYTES = 64 * 1024

/** Gathers small writes that are made in one go into one. */
export interface TickWriter {
  write(bytes: Uint8Array): void
  /** Hands over what was gathered at once. */
  flush(): void
  /** Forgets what was gathered. */
  discard(): void
}

/**
 * Creates a writer that hands over once a round of promise callbacks adds
 * nothing more: each message of a transport costs a header, an encryption and
 * a system call whatever its size. No timer is involved, so nothing is delayed
 * past the work that is already queued.
 */
export function createTickWriter (handOver: (bytes: Uint8ArrayList) => void): TickWriter {
  let gathered = new Uint8ArrayList()
  let scheduled = false
  const flush = (): void => {
    if (gathered.byteLength === 0) return
    const bytes = gathered
    gathered = new Uint8ArrayList()
    handOver(bytes)
  }
  const settle = (seenBytes: number): void => {
    if (gathered.byteLength > seenBytes) {
      const now = gathered.byteLength
      // Two rounds: the first runs the writer that was waiting for its write, the second sees what it wrote.
      queueMicrotask(() => { queueMicrotask(() => { settle(now) }) })
    } else {
      scheduled = false
      flush()
    }
  }
  return {
    write (bytes) {
      gathered.append(bytes)
      if (gathered.byteLength >= FULL_BYTES) flush()
      else if (!scheduled) {
        scheduled = true
        settle(0)
      }
    },
    flush,
    discard () { gathered = new Uint8ArrayList() }
  }
}
