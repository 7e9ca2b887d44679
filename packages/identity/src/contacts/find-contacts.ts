import type { Did } from '../did.ts'
import { AmbiguousContactError, UnknownContactError } from '../errors.ts'
import { compareText } from '../text.ts'
import type { Contact, ContactStatus, ContactType } from './contact-record.ts'
import { ContactCycleError } from './errors.ts'

/** Which contacts are meant. */
export interface ContactFilter {
  /** @default only those who are active */
  status?: ContactStatus[]
  type?: ContactType
  label?: string
  verified?: boolean
  /** Part of our name, the card's name or the note, whatever its case. */
  text?: string
}

/** Tells whether a contact is meant. */
export function matchesFilter (contact: Contact, { status = ['active'], type, label, verified, text }: ContactFilter): boolean {
  if (!status.includes(contact.status)) return false
  if (type !== undefined && contact.type !== type) return false
  if (label !== undefined && !contact.labels.includes(label)) return false
  if (verified !== undefined && (contact.verified !== undefined) !== verified) return false
  return text === undefined || [contact.name, contact.cardName, contact.note].some(part => fold(part).includes(fold(text)))
}

/** Orders contacts by name. */
export function compareContacts (a: Contact, b: Contact): number {
  return compareText(fold(a.name), fold(b.name)) || compareText(a.did, b.did)
}

/**
 * Returns the one of `contacts` with this DID or, upper and lower case being the same, this name.
 *
 * @throws {UnknownContactError | AmbiguousContactError}
 */
export function findContact (contacts: Iterable<Contact>, nameOrDid: string): Contact {
  const found: Contact[] = []
  for (const contact of contacts) {
    if (contact.did === nameOrDid) return contact
    if (fold(contact.name) === fold(nameOrDid)) found.push(contact)
  }
  const [first] = found
  if (first === undefined) throw new UnknownContactError(nameOrDid)
  if (found.length > 1) throw new AmbiguousContactError(nameOrDid, found.map(contact => contact.did))
  return first
}

/**
 * Returns the persons for whom a contact stands: groups, teams and aliases are
 * expanded, and those of their members who are blocked left out. A DID that is
 * no contact stands for itself.
 *
 * @throws {ContactCycleError} when a group or an alias leads back to itself
 */
export function personsOfContact (did: Did, get: (did: Did) => Contact | undefined): Set<Did> {
  const persons = new Set<Did>()
  const done = new Set<Did>()
  const visit = (did: Did, path: Did[]): void => {
    if (path.includes(did)) throw new ContactCycleError([...path.slice(path.indexOf(did)), did].map(on => get(on)?.name ?? on))
    if (done.has(did)) return
    const contact = get(did)
    if (path.length > 0 && contact?.status === 'blocked') return
    if (contact?.type === 'group' || contact?.type === 'team' || contact?.type === 'alias') {
      for (const member of contact.members) visit(member, [...path, did])
    } else {
      persons.add(did)
    }
    done.add(did)
  }
  visit(did, [])
  return persons
}

/** Two names that people would take for one. */
function fold (name: string): string {
  return name.normalize('NFKC').toLowerCase().trim()
}
