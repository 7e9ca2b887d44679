/** How many segments of like size are merged into one. */
const FAN_IN = 8
/** Documents of the largest segments: what is loaded, or merged, at once. */
export const MAX_SEGMENT_DOCUMENTS = 32_768
/** The share of dead documents from which a segment is written anew. */
const MAX_DEAD = 0.25

export interface Mergeable { size: number, deadCount: number }

/**
 * Returns the segments that should become one now, or []: eight of like size,
 * so that each document is written again once for each power of eight; or one
 * of which much is dead.
 */
export function chooseMerge<T extends Mergeable> (segments: readonly T[]): T[] {
  const wasteful = segments.find(({ size, deadCount }) => deadCount > size * MAX_DEAD)
  if (wasteful !== undefined) return [wasteful]
  const tiers = Map.groupBy(segments, ({ size, deadCount }) => Math.floor(Math.log2(Math.max(1, size - deadCount)) / 3))
  for (const [, tier] of [...tiers].sort(([a], [b]) => a - b)) {
    if (tier.length < FAN_IN) continue
    const chosen: T[] = []
    let documents = 0
    // The small ones first: a large one has no room for others.
    for (const segment of tier.toSorted((a, b) => (a.size - a.deadCount) - (b.size - b.deadCount))) {
      documents += segment.size - segment.deadCount
      if (documents > MAX_SEGMENT_DOCUMENTS) break
      chosen.push(segment)
    }
    if (chosen.length > 1) return chosen
  }
  return []
}
