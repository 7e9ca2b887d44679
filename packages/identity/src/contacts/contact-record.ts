import { bytesSchema, countSchema, createCodec, sha256 } from '@parley/core'
import { compare, equals, toString } from 'uint8arrays'
import * as z from 'zod/mini'
import { KEY_BYTES, didFromPublicKey, publicKeyFromDid, type Did } from '../did.ts'
import { proseSchema } from '../profile/prose.ts'
import { compareText, isAscending, textSchema } from '../text.ts'

/** What a contact stands for: one person, several, an account that several act for, another name of somebody, or a program. */
export type ContactType = 'person' | 'group' | 'team' | 'shared' | 'alias' | 'bot'

/** `removed`: not trusted any more, the record stays. `blocked`: shut out. */
export type ContactStatus = 'active' | 'removed' | 'blocked'

/** How somebody's key was compared: by the safety number, by scanning their verification code, or face to face in another way. */
export type VerifiedHow = 'safety-number' | 'code' | 'in-person'

/** Somebody in our own book. Times are milliseconds since 1970. */
export interface Contact {
  did: Did
  /** What we call them. */
  name: string
  /** What their card calls them; empty without a card, or a name on it. */
  cardName: string
  type: ContactType
  /** Of a group or team its members, of a shared account those who act for it, of an alias the one it stands for. */
  members: Did[]
  note: string
  labels: string[]
  status: ContactStatus
  verified?: {
    at: number
    how: VerifiedHow
    /** SHA-256 of the person's key that was compared, in hex. */
    fingerprint: string
  }
  /** The person's former DID, from which this record was moved. */
  successorOf?: Did
  added: number
  changed: number
}

/** A contact as it is kept. */
export interface ContactRecord {
  contact: Contact
  /** The newest card, unless it is larger than 20 KiB. */
  card?: Uint8Array
  /** Of somebody blocked: what they are once they are not. */
  before?: 'active' | 'removed'
}

/** A contact record is never larger, so that it has room in a record of the home log. */
export const MAX_CONTACT_BYTES = 48 * 1024
/** A contact has at most so many members. */
export const MAX_CONTACT_MEMBERS = 256
const MAX_CARD_BYTES = 20 * 1024

const WHAT = 'contact'
const keySchema = bytesSchema({ exactBytes: KEY_BYTES })

const schema = z.strictObject({
  v: z.literal(2),
  person: keySchema,
  name: textSchema({ min: 1, max: 128 }),
  cardName: textSchema({ max: 128 }),
  type: z.enum(['person', 'group', 'team', 'shared', 'alias', 'bot']),
  members: z.array(keySchema).check(
    z.maxLength(MAX_CONTACT_MEMBERS),
    z.refine(members => isAscending(members, compare), 'expected members in the order of their keys, none twice')
  ),
  note: proseSchema({ maxBytes: 4096 }),
  labels: z.array(textSchema({ min: 1, max: 48 })).check(
    z.maxLength(32),
    z.refine(labels => isAscending(labels, compareText), 'expected labels in order, none twice')
  ),
  status: z.enum(['active', 'removed', 'blocked']),
  before: z.optional(z.enum(['active', 'removed'])),
  verified: z.optional(z.strictObject({ at: countSchema(), how: z.enum(['safety-number', 'code', 'in-person']), fingerprint: bytesSchema({ exactBytes: 32 }) })),
  successorOf: z.optional(keySchema),
  card: z.optional(bytesSchema({ maxBytes: MAX_CARD_BYTES })),
  added: countSchema(),
  changed: countSchema()
}).check(
  z.refine(contact => (contact.status === 'blocked') === (contact.before !== undefined), 'expected what somebody was before exactly when they are blocked'),
  z.refine(contact => contact.type !== 'alias' || contact.members.length === 1, 'expected an alias to stand for exactly one'),
  z.refine(contact => (contact.type !== 'person' && contact.type !== 'bot') || contact.members.length === 0, 'expected a person or a bot to have no members'),
  z.refine(contact => !contact.members.some(member => equals(member, contact.person)), 'expected a contact not to be its own member'),
  z.refine(contact => contact.verified === undefined || equals(contact.verified.fingerprint, sha256(contact.person)), 'expected the fingerprint of the contact’s key')
)

/** As records were before contacts had more than a name; read, never written. */
const plainSchema = z.strictObject({ v: z.literal(1), person: keySchema, name: textSchema({ min: 1, max: 128 }), added: countSchema() })

const codec = createCodec(WHAT, z.discriminatedUnion('v', [schema, plainSchema]), { maxBytes: MAX_CONTACT_BYTES })

/** Returns the fingerprint of a person's key: its SHA-256 in hex. */
export function fingerprintOf (did: Did): string {
  return toString(sha256(publicKeyFromDid(did)), 'hex')
}

/** @throws {InvalidBytesError | OversizedBytesError} when the contact cannot be as it says */
export function encodeContact ({ contact, card, before }: ContactRecord): Uint8Array {
  const { did, verified, successorOf, members, labels, ...rest } = contact
  const person = publicKeyFromDid(did)
  return codec.encode({
    v: 2,
    ...rest,
    person,
    members: [...new Set(members)].map(publicKeyFromDid).sort(compare),
    labels: [...new Set(labels)].sort(compareText),
    ...(before === undefined ? {} : { before }),
    ...(verified === undefined ? {} : { verified: { at: verified.at, how: verified.how, fingerprint: new Uint8Array(sha256(person)) } }),
    ...(successorOf === undefined ? {} : { successorOf: publicKeyFromDid(successorOf) }),
    ...(card === undefined || card.byteLength > MAX_CARD_BYTES ? {} : { card: card.slice() })
  })
}

/** @throws {InvalidBytesError | OversizedBytesError} */
export function decodeContact (bytes: Uint8Array): ContactRecord {
  const wire = codec.decode(bytes)
  const did = didFromPublicKey(wire.person)
  if (wire.v === 1) return { contact: newContact(did, { name: wire.name, now: wire.added }) }
  const { v: _v, person: _person, members, verified, successorOf, card, before, ...rest } = wire
  return {
    contact: {
      ...rest,
      did,
      members: members.map(didFromPublicKey),
      ...(verified === undefined ? {} : { verified: { at: verified.at, how: verified.how, fingerprint: toString(verified.fingerprint, 'hex') } }),
      ...(successorOf === undefined ? {} : { successorOf: didFromPublicKey(successorOf) })
    },
    ...(card === undefined ? {} : { card }),
    ...(before === undefined ? {} : { before })
  }
}

/** Returns a contact of whom nothing but the name is known. */
export function newContact (did: Did, { name, now }: { name: string, now: number }): Contact {
  return { did, name, cardName: '', type: 'person', members: [], note: '', labels: [], status: 'active', added: now, changed: now }
}
