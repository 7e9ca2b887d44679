import { encodeCanonical, sha256 } from '@parley/core'
import { compare } from 'uint8arrays'
import type { FrontierEntry } from '../types.ts'

/** Returns the SHA-256 of a frontier in its one order (by author, sequence number and CID): equal digests mean equal logs. */
export function frontierDigest (frontier: FrontierEntry[]): Uint8Array<ArrayBuffer> {
  const sorted = [...frontier].sort((a, b) => compare(a.author, b.author) || a.seq - b.seq || compare(a.cid.bytes, b.cid.bytes))
  return sha256(encodeCanonical(sorted.map(({ author, seq, cid }) => [author, seq, cid])))
}

/** Counts the actions that `claimed` says exist and `ours` lacks. */
export function countMissing (claimed: FrontierEntry[], ours: FrontierEntry[]): number {
  const next = nextSequences(ours)
  let missing = 0
  for (const [author, seq] of nextSequences(claimed)) missing += Math.max(0, seq - (next.get(author) ?? 0))
  return missing
}

/** Returns the entries of `claimed` whose authors have gone as far or farther here: one that is not known here is of another branch. */
export function behindOurs (claimed: FrontierEntry[], ours: FrontierEntry[]): FrontierEntry[] {
  const next = nextSequences(ours)
  return claimed.filter(({ author, seq }) => (next.get(String.fromCharCode(...author)) ?? 0) > seq)
}

/** Maps each author (their key's bytes as a string) to the sequence number after their newest action. */
function nextSequences (frontier: FrontierEntry[]): Map<string, number> {
  const next = new Map<string, number>()
  for (const { author, seq } of frontier) {
    const key = String.fromCharCode(...author)
    next.set(key, Math.max(next.get(key) ?? 0, seq + 1))
  }
  return next
}
