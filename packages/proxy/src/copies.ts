import { InvalidBytesError, OversizedBytesError, bytesSchema, cidSchema, decodeCanonical, type Clock, type Store } from '@parley/core'
import { MAX_ACTION_BYTES, type Conversations } from '@parley/conversations'
import { didFromPublicKey, rolesOf, type Did, type People } from '@parley/identity'
import type { CopyAuthorisation, VoiceCopy } from '@parley/voice'
import * as z from 'zod/mini'
import { waitFor } from './wait-for.ts'

export interface CopiesComponents {
  store: Store
  people: People
  conversations: Conversations
  clock: Clock
}

/** What anybody may read of an action: who signed it, in which conversation. */
const actionSchema = z.tuple([z.looseObject({ author: bytesSchema({ exactBytes: 32 }), conversation: cidSchema }), bytesSchema({ exactBytes: 64 })])

/**
 * Decides about a copy of a message: it is brought by an endpoint of somebody
 * served who is in the conversation, and the log kept here has the action that
 * announces it, signed by the device that is said to have spoken.
 */
export async function authoriseCopy ({ store, people, conversations, clock }: CopiesComponents, { conversation, action, speaker }: VoiceCopy, device: Did, served: Did[]): Promise<CopyAuthorisation> {
  if (!await isEndpointOf(people, device, served, clock.now())) return { ok: false, reason: 'copies are taken from devices of the people served here alone' }
  // The log comes over a stream of its own; what it announces may be a moment behind.
  if (!await waitFor(async () => await announces(store, { conversation, action, speaker }), clock)) return { ok: false, reason: 'the conversation does not announce this message' }
  const access = await conversations.holder(conversation).access()
  if (!await isEndpointOf(people, device, served.filter(person => access.includes(person)), clock.now())) return { ok: false, reason: 'nobody of this conversation is served here' }
  // Who spoke may have been removed from the conversation, or their device from their list, since then.
  const person = await personOf(people, speaker, [...access, ...await people.personsOf(speaker)])
  return person === undefined ? { ok: false, reason: 'no device list that is known here names the device that spoke' } : { ok: true, person }
}

async function isEndpointOf (people: People, device: Did, persons: Did[], now: number): Promise<boolean> {
  for (const person of persons) {
    const list = await people.list(person)
    if (list !== undefined && rolesOf(list, device, now).includes('endpoint')) return true
  }
  return false
}

async function announces (store: Store, { conversation, action, speaker }: Pick<VoiceCopy, 'conversation' | 'action' | 'speaker'>): Promise<boolean> {
  const bytes = await store.getBlock(action)
  if (bytes === undefined) return false
  try {
    const parsed = actionSchema.safeParse(decodeCanonical('action', bytes, MAX_ACTION_BYTES))
    if (!parsed.success) return false
    const [{ author, conversation: id }] = parsed.data
    return id.equals(conversation) && didFromPublicKey(author) === speaker
  } catch (error) {
    // Some other block that is kept here.
    if (error instanceof InvalidBytesError || error instanceof OversizedBytesError) return false
    throw error
  }
}

async function personOf (people: People, device: Did, persons: Did[]): Promise<Did | undefined> {
  for (const person of persons) {
    if ((await people.list(person))?.devices.some(record => record.device === device) === true) return person
  }
  return undefined
}
