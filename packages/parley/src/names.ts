import type { Contact, Contacts, Did, People } from '@parley/identity'

/** Returns our entry for a person, if we have one. */
export async function contactOf (contacts: Contacts, did: Did): Promise<Contact | undefined> {
  const contact = contacts.get(did)
  return contact?.status === 'active' ? contact : undefined
}

/** Returns what we call somebody: our name for them, else their own, else their DID. */
export async function nameOf ({ contacts, people }: { contacts: Contacts, people: People }, did: Did): Promise<string> {
  const contact = await contactOf(contacts, did)
  if (contact !== undefined) return contact.name
  const name = (await people.list(did))?.name
  return name === undefined || name === '' ? did : name
}
