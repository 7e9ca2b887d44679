import type { Contact } from '@parley/identity'
import type { Parley } from 'parley'
import { isMadeUp } from './who.ts'

const HOW = { 'safety-number': 'by the safety number', code: 'by their code', 'in-person': 'in person' } as const

/** A contact as `--json` tells it. */
export function jsonContact (contact: Contact): Record<string, unknown> {
  const { verified, added, changed, ...rest } = contact
  return {
    ...rest,
    ...(verified === undefined ? {} : { verified: { ...verified, at: new Date(verified.at).toISOString() } }),
    added: new Date(added).toISOString(),
    changed: new Date(changed).toISOString()
  }
}

/** How a contact's key was compared, in words. */
export function verifiedWords ({ verified }: Contact): string {
  return verified === undefined ? 'not verified' : `verified ${HOW[verified.how]}`
}

/** What is out of the ordinary about a contact, in a few words. */
export function contactMarks (parley: Parley, contact: Contact): string {
  const marks: string[] = []
  if (contact.status !== 'active') marks.push(contact.status)
  if (contact.type !== 'person') marks.push(contact.type)
  if (contact.members.length > 0) marks.push(`of ${memberNames(parley, contact)}`)
  if (contact.verified !== undefined) marks.push('verified')
  return [marks.join(' '), ...contact.labels.map(label => `#${label}`)].filter(Boolean).join(', ')
}

/** The members of a group, or the one an alias stands for, by our names for them. */
export function memberNames (parley: Parley, { members }: Contact): string {
  return members.map(did => parley.contacts.get(did)?.name ?? did).join(', ')
}

/** What to say of somebody who is no person, where persons have a DID. */
export function didWords (contact: Contact): string {
  return isMadeUp(contact) ? '' : contact.did
}
