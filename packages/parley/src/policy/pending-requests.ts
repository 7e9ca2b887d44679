import type { Did } from '@parley/identity'
import type { BookEntry } from './conversation-book.ts'

// What of strangers waits for an answer, counted. No stores, no clocks.

/** A place that was given to a conversation, or to a spoken message of one, before it is stored. */
export interface Place {
  conversation: string
  from: Did
  /** Its id in hex; absent for the conversation itself. */
  voice?: string
}

/** A conversation that its person has not answered. */
export interface Unanswered {
  beganBy: Did | undefined
  /** Spoken messages, kept or about to be, and whose they are. */
  voices: ReadonlyMap<string, Did>
}

/** Joins what is held with the places that were given; what is in both counts once. */
export function gatherUnanswered (entries: readonly BookEntry[], places: readonly Place[]): Map<string, Unanswered> {
  const gathered = new Map<string, { beganBy: Did | undefined, voices: Map<string, Did> }>()
  for (const { conversation, creator, voices } of entries) gathered.set(conversation.toString(), { beganBy: creator, voices: new Map(voices) })
  for (const { conversation, from, voice } of places) {
    const known = gathered.get(conversation) ?? { beganBy: from, voices: new Map<string, Did>() }
    gathered.set(conversation, known)
    if (voice !== undefined) known.voices.set(voice, from)
  }
  return gathered
}

/** Counts the messages of each sender. A conversation in which whoever began it did not speak yet takes the place of one. */
export function countMessages (gathered: Iterable<Unanswered>): Map<Did, number> {
  const counts = new Map<Did, number>()
  const add = (from: Did): void => { counts.set(from, (counts.get(from) ?? 0) + 1) }
  for (const unanswered of gathered) {
    for (const from of unanswered.voices.values()) add(from)
    if (unanswered.beganBy !== undefined && isUnspoken(unanswered, unanswered.beganBy)) add(unanswered.beganBy)
  }
  return counts
}

/** Tells whether `from` began a conversation and has a place in it that no spoken message took yet. */
export function isUnspoken ({ beganBy, voices }: Unanswered, from: Did): boolean {
  return beganBy === from && ![...voices.values()].includes(from)
}
