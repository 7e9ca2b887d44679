import { InvalidArgumentError, bytesSchema, cidSchema, countSchema, type CID } from '@parley/core'
import * as z from 'zod/mini'
import type { ContactType } from '../contacts/contact-record.ts'
import { textSchema, wordSchema } from '../text.ts'
import { MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS } from './photo.ts'
import { proseSchema } from './prose.ts'

/** Whom a field is for: everybody, whoever the person has written with, or the person's contacts. */
export type Tier = 'public' | 'correspondents' | 'contacts'

/** Every tier, the widest first; whoever is entitled to one is to those before it. */
export const TIERS: readonly Tier[] = ['public', 'correspondents', 'contacts']

/** Returns the sealed tiers that somebody may open who is entitled to `tier`. */
export function entitledTiers (tier: Tier): Array<'correspondents' | 'contacts'> {
  return tier === 'public' ? [] : tier === 'correspondents' ? ['correspondents'] : ['correspondents', 'contacts']
}

/** What a person is, as their profile says. */
export type ProfileType = ContactType

/** What a person says of their absence; apart from whether they are reachable now. Times are milliseconds since 1970. */
export type DeclaredStatus =
  | { state: 'active' }
  | { state: 'out-of-office', until?: number, message?: string }
  | { state: 'dormant', message?: string }

/** Where a photo lies, and what it has to be. */
export interface Photo {
  /** Of the block with its bytes, raw. */
  cid: CID
  /** 32 bytes; the block is encrypted with them. */
  key?: Uint8Array
  mediaType: 'image/png' | 'image/jpeg' | 'image/webp'
  /** Before encryption. */
  sizeBytes: number
  width: number
  height: number
}

/** Another profile of the person. */
export interface ProfileLink {
  url: string
  name: string
  /** How the person, or whoever runs their directory, made sure that it is theirs, for example `rel-me`, `dns` or `did-web`. It is their word: check it before you rely on it. */
  how: string
  checked: number
}

export interface Organisation {
  name: string
  team?: string
  role?: string
}

/** What a person tells of themselves; all of it may be left out. */
export interface ProfileFields {
  /** What people call them in conversation. */
  commonName?: string
  /** The name they use on documents. */
  fullName?: string
  emails?: string[]
  phone?: string
  photo?: Photo
  /** 280 characters at most, one line. */
  description?: string
  /** 16 KiB of UTF-8 at most. */
  descriptionMarkdown?: string
  /** A name of the IANA time zone database. */
  timeZone?: string
  links?: ProfileLink[]
  organisations?: Organisation[]
  /** `did:web` names of the person; each counts once its document names the person's key too. */
  names?: string[]
  status?: DeclaredStatus
  type?: ProfileType
}

const matching = (pattern: RegExp, max: number, expected: string): z.ZodMiniType<string> =>
  z.custom<string>(value => typeof value === 'string' && value.length <= max && pattern.test(value), expected)
const listOf = <T> (item: z.ZodMiniType<T>, max: number): z.ZodMiniType<T[]> => z.array(item).check(z.minLength(1), z.maxLength(max))
const message = z.optional(textSchema({ min: 1, max: 280 }))

const schema = z.strictObject({
  commonName: z.optional(textSchema({ min: 1, max: 128 })),
  fullName: z.optional(textSchema({ min: 1, max: 256 })),
  emails: z.optional(listOf(matching(/^[^\s@\p{C}]+@[^\s@\p{C}]+$/u, 254, 'expected an email address'), 8)),
  phone: z.optional(matching(/^\+?[0-9][0-9 ().-]{2,31}$/, 32, 'expected a telephone number')),
  photo: z.optional(z.strictObject({
    cid: cidSchema,
    key: z.optional(bytesSchema({ exactBytes: 32 })),
    mediaType: z.enum(['image/png', 'image/jpeg', 'image/webp']),
    sizeBytes: countSchema(MAX_PHOTO_BYTES),
    width: countSchema(MAX_PHOTO_PIXELS),
    height: countSchema(MAX_PHOTO_PIXELS)
  })),
  description: z.optional(textSchema({ min: 1, max: 280 })),
  descriptionMarkdown: z.optional(proseSchema({ maxBytes: 16 * 1024 })),
  // Only the form: a reader whose database is older must not refuse the profile of somebody in a new zone.
  timeZone: z.optional(matching(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,3}$/, 64, 'expected a name of the time zone database')),
  links: z.optional(listOf(z.strictObject({ url: matching(/^https:\/\/[\x21-\x7e]+$/, 512, 'expected an https URL'), name: textSchema({ max: 128 }), how: wordSchema, checked: countSchema() }), 16)),
  organisations: z.optional(listOf(z.strictObject({ name: textSchema({ min: 1, max: 128 }), team: z.optional(textSchema({ min: 1, max: 128 })), role: z.optional(textSchema({ min: 1, max: 128 })) }), 16)),
  names: z.optional(listOf(matching(/^did:web:[A-Za-z0-9._:%-]+$/, 256, 'expected a did:web'), 8)),
  status: z.optional(z.discriminatedUnion('state', [
    z.strictObject({ state: z.literal('active') }),
    z.strictObject({ state: z.literal('out-of-office'), until: z.optional(countSchema()), message }),
    z.strictObject({ state: z.literal('dormant'), message })
  ])),
  type: z.optional(z.enum(['person', 'group', 'team', 'shared', 'alias', 'bot']))
})

/** Checks the fields of one tier. */
export const profileFieldsSchema: z.ZodMiniType<ProfileFields> = schema

/** Tells whether this platform knows a time zone. */
export function isTimeZone (name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Checks what only the writer of a profile has to get right. @throws {InvalidArgumentError} */
export function checkOwnFields ({ timeZone }: ProfileFields): void {
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw new InvalidArgumentError(`${JSON.stringify(timeZone)} is no time zone that is known here`)
}
