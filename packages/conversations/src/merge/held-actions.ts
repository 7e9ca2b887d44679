import { parseAction } from '../format/parse-action.ts'
import type { Candidate } from './candidate.ts'
import { keyName } from '../format/key-name.ts'

/** At most this many actions wait for parents in one conversation, with at most this many bytes. */
export const MAX_HELD = 1024
export const MAX_HELD_BYTES = 4 * 1024 * 1024

/** Genuine actions that wait for a parent. In memory only: they are no part of the log yet. */
export interface HeldActions {
  /** Holds an action until its parent comes. */
  add(parent: Uint8Array, candidate: Candidate): void
  /** Takes out what waits for a parent. */
  take(parent: Uint8Array): Candidate[]
  /** Drops the newest until the rest is within the limits, and tells whether an action is still held. */
  trim(): void
  /** Ends a merge: what is held from now on has no place among its blocks. */
  settle(): void
  has(hash: Uint8Array): boolean
  /** The hashes that are waited for, without those that wait themselves. */
  missing(): Uint8Array[]
  /** All that wait, to learn whose device lists are needed. */
  values(): Iterable<Candidate>
}

export function createHeldActions (): HeldActions {
  const held = new Map<string, { parent: Uint8Array, candidate: Candidate }>()
  const waiting = new Map<string, Set<string>>()
  let bytes = 0
  const drop = (name: string): Candidate | undefined => {
    const entry = held.get(name)
    if (entry === undefined) return undefined
    held.delete(name)
    bytes -= entry.candidate.action.bytes.length
    const parent = keyName(entry.parent)
    const siblings = waiting.get(parent)
    siblings?.delete(name)
    if (siblings?.size === 0) waiting.delete(parent)
    return entry.candidate
  }
  return {
    add (parent, candidate) {
      const name = keyName(candidate.hash)
      drop(name)
      const own = parent.slice()
      // A copy, so that a held action keeps no network buffer alive and nobody changes it.
      const kept = { action: parseAction(candidate.action.bytes.slice()), hash: candidate.hash, position: candidate.position, isHeld: true }
      held.set(name, { parent: own, candidate: kept })
      bytes += candidate.action.bytes.length
      const siblings = waiting.get(keyName(own)) ?? new Set()
      waiting.set(keyName(own), siblings.add(name))
    },
    settle () {
      for (const entry of held.values()) entry.candidate = { ...entry.candidate, position: -1 }
    },
    take (parent) {
      if (held.size === 0) return []
      return [...waiting.get(keyName(parent)) ?? []].map(drop).filter(candidate => candidate !== undefined)
    },
    trim () {
      if (held.size <= MAX_HELD && bytes <= MAX_HELD_BYTES) return
      for (const name of [...held.keys()].reverse()) {
        if (held.size <= MAX_HELD && bytes <= MAX_HELD_BYTES) return
        drop(name)
      }
    },
    has: hash => held.has(keyName(hash)),
    missing: () => [...held.values()].map(({ parent }) => parent).filter(parent => !held.has(keyName(parent))),
    values: () => [...held.values()].map(({ candidate }) => candidate)
  }
}
