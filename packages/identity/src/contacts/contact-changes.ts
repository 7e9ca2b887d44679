import type { Did } from '../did.ts'
import { fingerprintOf, newContact, type ContactRecord, type ContactType, type VerifiedHow } from './contact-record.ts'

// What each verb makes of a record; without stores or clocks.

/** What may be edited. */
export interface ContactEdit {
  name?: string
  type?: ContactType
  members?: Did[]
  note?: string
  labels?: string[]
}

/** What of a card is kept in a record. */
export interface CardPart {
  person: Did
  /** The person's own name; may be empty. */
  name: string
  bytes: Uint8Array
}

/** Adds somebody by their card, renews them, or takes somebody back who was removed; a block stays. */
export function addedByCard (known: ContactRecord | undefined, card: CardPart, edit: ContactEdit, now: number): ContactRecord {
  const contact = known?.contact ?? newContact(card.person, { name: card.name === '' ? card.person : card.name, now })
  const isBlocked = contact.status === 'blocked'
  return {
    card: card.bytes,
    ...(isBlocked ? { before: 'active' as const } : {}),
    contact: { ...contact, ...definedOf(edit), cardName: card.name, status: isBlocked ? 'blocked' : 'active', changed: now }
  }
}

/** Changes what the edit names, and nothing else. */
export function edited ({ contact, ...rest }: ContactRecord, edit: ContactEdit, now: number): ContactRecord {
  return { ...rest, contact: { ...contact, ...definedOf(edit), changed: now } }
}

/** Stops trusting somebody. A block stays; what was verified does not. */
export function removed ({ contact, card }: ContactRecord, now: number): ContactRecord {
  const { verified: _verified, ...rest } = contact
  const isBlocked = contact.status === 'blocked'
  return {
    ...(card === undefined ? {} : { card }),
    ...(isBlocked ? { before: 'removed' as const } : {}),
    contact: { ...rest, status: isBlocked ? 'blocked' : 'removed', changed: now }
  }
}

/** Takes somebody back who was removed; harmless otherwise. */
export function restored (record: ContactRecord, now: number): ContactRecord {
  return record.contact.status === 'removed' ? { ...record, contact: { ...record.contact, status: 'active', changed: now } } : record
}

/** Blocks somebody, whether they are a contact or not. */
export function blocked (known: ContactRecord | undefined, { did, name }: { did: Did, name: string }, now: number): ContactRecord {
  const record: ContactRecord = known ?? { contact: { ...newContact(did, { name, now }), status: 'removed' } }
  const { status } = record.contact
  if (status === 'blocked') return record
  return { ...record, before: status, contact: { ...record.contact, status: 'blocked', changed: now } }
}

/** Lifts a block: they are again what they were. */
export function unblocked (record: ContactRecord, now: number): ContactRecord {
  const { before, ...rest } = record
  return before === undefined ? record : { ...rest, contact: { ...record.contact, status: before, changed: now } }
}

/** Notes that the key of this contact was compared. */
export function verified (record: ContactRecord, how: VerifiedHow, now: number): ContactRecord {
  return { ...record, contact: { ...record.contact, verified: { at: now, how, fingerprint: fingerprintOf(record.contact.did) }, changed: now } }
}

/** Takes the note back. */
export function unverified ({ contact, ...rest }: ContactRecord, now: number): ContactRecord {
  const { verified: _verified, ...unmarked } = contact
  return { ...rest, contact: { ...unmarked, changed: now } }
}

/** Returns what is left of somebody who is deleted: of somebody blocked the block, of others nothing. */
export function deleted ({ contact }: ContactRecord, now: number): ContactRecord | undefined {
  if (contact.status !== 'blocked') return undefined
  return { before: 'removed', contact: { ...newContact(contact.did, { name: contact.did, now }), status: 'blocked' } }
}

/**
 * Moves what we keep of somebody to their new key. That somebody verified the
 * old key says nothing of the new one; what was noted of the new one stays,
 * and a block of either holds.
 */
export function followed (from: ContactRecord, known: ContactRecord | undefined, successor: Did, now: number): ContactRecord {
  const { verified: _verified, ...rest } = from.contact
  const other = known?.contact
  const isBlocked = from.contact.status === 'blocked' || other?.status === 'blocked'
  const before = from.before ?? known?.before ?? (from.contact.status === 'removed' ? 'removed' : 'active')
  return {
    ...(known?.card === undefined ? {} : { card: known.card }),
    ...(isBlocked ? { before } : {}),
    contact: {
      ...rest,
      did: successor,
      cardName: other?.cardName ?? rest.cardName,
      members: rest.members.filter(member => member !== successor),
      status: isBlocked ? 'blocked' : rest.status,
      ...(other?.verified === undefined ? {} : { verified: other.verified }),
      successorOf: from.contact.did,
      changed: now
    }
  }
}

function definedOf (edit: ContactEdit): ContactEdit {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined))
}
