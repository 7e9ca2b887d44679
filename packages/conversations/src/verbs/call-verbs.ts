import { publicKeyFromDid, type Did } from '@parley/identity'
import { compare } from 'uint8arrays'
import type { Verbs } from './types.ts'
import type { VerbTools } from './verbs.ts'

/** What is told of calls. */
export function callVerbs ({ random, begin }: VerbTools): Pick<Verbs, 'summariseCall'> {
  return {
    async summariseCall ({ participants, missed = [], call = random(16), ...facts }, options) {
      return await begin(call, () => ({ verb: 'add', thing: 'call', call, ...facts, participants: keysOf(participants), missed: keysOf(missed) }), options)
    }
  }
}

function keysOf (people: Did[]): Uint8Array[] {
  return [...new Set(people)].map(did => publicKeyFromDid(did)).sort(compare)
}
