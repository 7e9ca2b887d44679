import type { ConversationState, Permission } from '@parley/conversations'
import type { Did } from '@parley/identity'
import type { Parley } from 'parley'
import { nameOf } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'

/** What to call those who are or were in a conversation. */
export type Names = (did: Did) => string

const PERMISSIONS: readonly Permission[] = ['read', 'comment', 'write', 'full']

/** Asks for the names of everybody who is or was in a conversation: ours for them, else what they call themselves, else what they were called there. */
export async function namesIn (parley: Parley, { creator, participants, former }: Pick<ConversationState, 'creator' | 'participants' | 'former'>): Promise<Names> {
  const names = new Map<Did, string>()
  for (const { did, name } of [{ did: creator, name: undefined }, ...former, ...participants]) {
    const known = await nameOf(parley, did)
    names.set(did, known === did ? name ?? did : known)
  }
  return did => names.get(did) ?? (did === parley.person ? 'me' : did)
}

/** Returns everybody who is named, groups expanded, without ourselves. @throws what `Contacts.resolve` throws */
export async function peopleNamed (parley: Parley, who: readonly string[]): Promise<Did[]> {
  const dids = new Set<Did>()
  for (const one of who) for (const did of await parley.contacts.resolve(one)) dids.add(did)
  dids.delete(parley.person)
  return [...dids]
}

/** Returns who of a conversation is meant by a name or DID, whether they are a contact or not. @throws {UsageError} and what `Contacts.find` throws */
export async function participantNamed (parley: Parley, state: ConversationState, who: string): Promise<Did> {
  const names = await namesIn(parley, state)
  const isMeant = (did: Did): boolean => did === who || names(did).toLowerCase() === who.trim().toLowerCase()
  const [only, another] = state.participants.filter(({ did }) => isMeant(did))
  if (only !== undefined && another === undefined) return only.did
  if (another !== undefined) throw new UsageError(`Several people here are called ${who}; name one by their DID`)
  const did = who.startsWith('did:') ? who : (await parley.contacts.find(who, { status: ['active', 'removed', 'blocked'] })).did
  if (state.participants.some(participant => participant.did === did)) return did
  throw new UsageError(`${who} is not in this conversation, which has: ${state.participants.map(participant => names(participant.did)).join(', ')}`)
}

/** @throws {UsageError} with what there is */
export function permissionOf (flag: string, text: string | undefined): Permission | undefined {
  if (text === undefined) return undefined
  const permission = PERMISSIONS.find(one => one === text)
  if (permission === undefined) throw new UsageError(`${flag} takes one of ${PERMISSIONS.join(', ')}, not "${text}"`)
  return permission
}
