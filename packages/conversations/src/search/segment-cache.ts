import type { Segment } from './segment.ts'

/** Segments in memory, those used last, up to a number of bytes. */
export interface SegmentCache {
  readonly sizeBytes: number
  get(number: number): Segment | undefined
  add(number: number, segment: Segment): void
  delete(number: number): void
  clear(): void
}

export function createSegmentCache (maxBytes: number): SegmentCache {
  const segments = new Map<number, Segment>()
  let sizeBytes = 0
  const remove = (number: number): void => {
    sizeBytes -= segments.get(number)?.sizeBytes ?? 0
    segments.delete(number)
  }
  return {
    get sizeBytes () { return sizeBytes },
    get (number) {
      const segment = segments.get(number)
      if (segment === undefined) return undefined
      // Newest last, so that the first is the one unused for longest.
      segments.delete(number)
      segments.set(number, segment)
      return segment
    },
    add (number, segment) {
      remove(number)
      segments.set(number, segment)
      sizeBytes += segment.sizeBytes
      for (const [other] of segments) {
        if (sizeBytes <= maxBytes || other === number) return
        remove(other)
      }
    },
    delete: remove,
    clear () {
      segments.clear()
      sizeBytes = 0
    }
  }
}
