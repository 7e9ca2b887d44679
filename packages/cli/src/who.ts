import { ContactCycleError, publicKeyFromDid, type Contact, type Did } from '@parley/identity'
import type { Parley } from 'parley'
import { UsageError } from './errors.ts'

/** Returns the contact of this name or DID, whatever became of them. Of two with one name, the one who is active. @throws {UnknownContactError | AmbiguousContactError} */
export async function anyContact (parley: Parley, who: string): Promise<Contact> {
  return await parley.contacts.find(who).catch(async (error: unknown) => {
    if ((error as Error).name !== 'UnknownContactError') throw error
    return await parley.contacts.find(who, { status: ['active', 'removed', 'blocked'] })
  })
}

/** Returns the DID that is meant: one that is given need not be a contact's. @throws {InvalidDidError} and what `anyContact` throws */
export async function didOf (parley: Parley, who: string): Promise<Did> {
  if (!who.startsWith('did:')) return (await anyContact(parley, who)).did
  publicKeyFromDid(who)
  return who
}

/** Returns an active contact who has a key of their own, as groups and aliases have not. @throws {UsageError} and what `Contacts.find` throws */
export async function personContact (parley: Parley, who: string): Promise<Contact> {
  const contact = await parley.contacts.find(who)
  if (isMadeUp(contact)) throw new UsageError(`${contact.name} is ${contact.type === 'alias' ? 'an' : 'a'} ${contact.type}; name one person of it`)
  return contact
}

/** Tells whether a contact only stands for others: nobody has its key. */
export function isMadeUp ({ type }: Contact): boolean {
  return type === 'group' || type === 'team' || type === 'alias'
}

/** @throws {UsageError} when the name is a contact's already: nobody could be meant by it any more */
export async function checkNameIsFree (parley: Parley, name: string): Promise<void> {
  const taken = await parley.contacts.find(name).catch((error: unknown) => {
    if ((error as Error).name === 'UnknownContactError') return undefined
    throw error
  })
  if (taken !== undefined) throw new UsageError(`There is a contact called ${taken.name} already: ${taken.did}. Take another name`)
}

/** @throws {ContactCycleError} when `member` is the group or, by way of other groups, contains it */
export function checkNoCircle (parley: Parley, group: Contact, member: Did): void {
  const leadsBack = (did: Did, seen: Set<Did>): boolean => {
    if (did === group.did) return true
    if (seen.has(did)) return false
    seen.add(did)
    return (parley.contacts.get(did)?.members ?? []).some(next => leadsBack(next, seen))
  }
  if (leadsBack(member, new Set())) throw new ContactCycleError([group.name, parley.contacts.get(member)?.name ?? member, group.name])
}
