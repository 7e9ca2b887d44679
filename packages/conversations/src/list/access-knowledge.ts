import { concat, equals } from 'uint8arrays'

/**
 * Who has seen every change of who may what: for each such change that no
 * other follows, the newest actions that follow it, as one row of 32-byte
 * hashes. An action that follows all of them is judged by who may what now,
 * so its log need not be opened.
 */
export type AccessKnowledge = readonly Uint8Array[]

const HASH_BYTES = 32
/** More actions at once than these are judged by reading the log. */
const MAX_ACTIONS = 16
const MAX_BRANCHES = 8

/** Tells whether an action with these parents has seen every change. */
export function hasSeenAll (knowledge: AccessKnowledge, parents: readonly Uint8Array[]): boolean {
  return knowledge.length > 0 && knowledge.length <= MAX_BRANCHES && knowledge.every(branch => follows(branch, parents))
}

/** Takes in an action, in a causal order. */
export function withAction (knowledge: AccessKnowledge, { hash, parents, isChange }: { hash: Uint8Array, parents: readonly Uint8Array[], isChange: boolean }): AccessKnowledge {
  // One more than are looked at, so that too many stay too many.
  if (isChange) return [...knowledge.filter(branch => !follows(branch, parents)).slice(-MAX_BRANCHES), hash.slice()]
  return knowledge.map(branch => follows(branch, parents) ? concat([branch, hash]).slice(-MAX_ACTIONS * HASH_BYTES) : branch)
}

function follows (branch: Uint8Array, parents: readonly Uint8Array[]): boolean {
  for (let at = 0; at < branch.length; at += HASH_BYTES) {
    const hash = branch.subarray(at, at + HASH_BYTES)
    if (parents.some(parent => equals(hash, parent))) return true
  }
  return false
}
