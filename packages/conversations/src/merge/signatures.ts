import { verifySignature } from '@parley/identity'
import { compareAt } from '../format/cbor-reader.ts'
import type { Candidate } from './candidate.ts'

const TAIL_BYTES = 66
const ASKED = 1
const GENUINE = 2

/**
 * Finds which candidates are genuine: those signed by their author, and those
 * that a genuine later candidate of the same author links to, since its
 * signature covers their hashes. So an unbroken chain costs one signature.
 * Where the newest signature is false, the next older one is asked, so that
 * exactly what the newest good signature vouches for is taken.
 *
 * `prevOf` gives the number of the candidate that another one names as its
 * previous action, or -1. Returns 1 for each genuine candidate, by number.
 */
export async function findGenuine (candidates: Candidate[], prevOf: (candidate: Candidate) => number): Promise<Uint8Array> {
  const previous = new Int32Array(candidates.length).fill(-1)
  const followed = new Uint8Array(candidates.length)
  for (const [number, candidate] of candidates.entries()) {
    const prev = prevOf(candidate)
    const other = candidates[prev]
    if (other === undefined || !isSameAuthor(candidate, other)) continue
    previous[number] = prev
    followed[prev] = 1
  }
  const states = new Uint8Array(candidates.length)
  for (let tip = 0; tip < candidates.length; tip++) {
    // What was asked before, or vouched for, another branch's walk has dealt with.
    for (let number = followed[tip] === 1 ? -1 : tip; number >= 0 && states[number] === 0; number = previous[number] ?? -1) {
      states[number] = ASKED
      const candidate = candidates[number]
      if (candidate === undefined || !await isSigned(candidate)) continue
      for (let vouched = number; vouched >= 0 && states[vouched] !== GENUINE; vouched = previous[vouched] ?? -1) states[vouched] = GENUINE
      break
    }
  }
  return states.map(state => Number(state === GENUINE))
}

async function isSigned ({ action: { bytes, authorAt } }: Candidate): Promise<boolean> {
  return await verifySignature(bytes.subarray(authorAt, authorAt + 32), 'action', bytes.subarray(1, bytes.length - TAIL_BYTES), bytes.subarray(bytes.length - 64))
}

function isSameAuthor (a: Candidate, b: Candidate): boolean {
  return compareAt(a.action.bytes, a.action.authorAt, b.action.bytes, b.action.authorAt, 32) === 0
}
