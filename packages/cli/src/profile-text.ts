import type { ProfileFields } from '@parley/identity'
import type { Profile } from 'parley'
import { moment } from './output.ts'

/** What each field of a profile is called on the command line, in the order in which they are shown. */
export const FIELD_WORDS: Record<keyof ProfileFields, string> = {
  commonName: 'common-name',
  fullName: 'full-name',
  type: 'type',
  status: 'status',
  description: 'description',
  emails: 'email',
  phone: 'phone',
  organisations: 'organisation',
  links: 'link',
  names: 'did-web',
  timeZone: 'timezone',
  photo: 'photo',
  descriptionMarkdown: 'markdown'
}

/** Every field, in the order in which they are shown. */
export const FIELDS = Object.keys(FIELD_WORDS) as Array<keyof ProfileFields>

const STATES = { active: 'active', 'out-of-office': 'out of office', dormant: 'dormant' } as const

/** The lines of one field's value, as people read them; none when it is not said. */
export function fieldText (fields: ProfileFields, field: keyof ProfileFields): string[] {
  switch (field) {
    case 'emails': return fields.emails ?? []
    case 'names': return fields.names ?? []
    case 'links': return (fields.links ?? []).map(({ url, name }) => name === '' ? url : `${url} ${name}`)
    case 'organisations': return (fields.organisations ?? []).map(({ name, team, role }) => [name, team, role].filter(part => part !== undefined).join(' / '))
    case 'photo': return fields.photo === undefined ? [] : [`${fields.photo.mediaType}, ${fields.photo.width} by ${fields.photo.height}, ${fields.photo.sizeBytes} bytes`]
    case 'status': return statusText(fields.status)
    case 'descriptionMarkdown': return fields.descriptionMarkdown?.split('\n') ?? []
    default: return fields[field] === undefined ? [] : [fields[field]]
  }
}

function statusText (status: ProfileFields['status']): string[] {
  if (status === undefined) return []
  const until = status.state === 'out-of-office' && status.until !== undefined ? ` until ${moment(status.until)}` : ''
  const message = status.state !== 'active' && status.message !== undefined ? `: ${status.message}` : ''
  return [`${STATES[status.state]}${until}${message}`]
}

/** What somebody tells of themselves, and how old that is. */
export function profileLines ({ fields, fetchedAt, isStale }: Profile): string[] {
  const width = Math.max(...Object.values(FIELD_WORDS).map(word => word.length)) + 1
  const said = FIELDS.flatMap(field => fieldText(fields, field).map((line, index) => `${(index === 0 ? FIELD_WORDS[field] : '').padEnd(width)}${line}`))
  return [
    ...(said.length === 0 ? ['They tell you nothing of themselves.'] : said),
    `(as of ${moment(fetchedAt)}${isStale ? '; that is old, and nobody could be asked since' : ''})`
  ]
}

/** A profile as `--json` tells it. */
export function jsonProfile ({ person, fields, tiers, fetchedAt, validUntil, isStale }: Profile): Record<string, unknown> {
  return {
    person,
    fields: jsonFields(fields),
    tiers: Object.fromEntries(Object.entries(tiers).map(([tier, of]) => [tier, Object.keys(of)])),
    fetchedAt: new Date(fetchedAt).toISOString(),
    validUntil: new Date(validUntil).toISOString(),
    isStale
  }
}

/** Fields as `--json` tells them: times and CIDs as text, and not the key that opens a photo. */
export function jsonFields (fields: ProfileFields): Record<string, unknown> {
  const { photo, links, status, ...rest } = fields
  return {
    ...rest,
    ...(photo === undefined ? {} : { photo: { cid: photo.cid.toString(), mediaType: photo.mediaType, sizeBytes: photo.sizeBytes, width: photo.width, height: photo.height } }),
    ...(links === undefined ? {} : { links: links.map(({ checked, ...link }) => ({ ...link, checked: new Date(checked).toISOString() })) }),
    ...(status === undefined ? {} : { status: status.state === 'out-of-office' && status.until !== undefined ? { ...status, until: new Date(status.until).toISOString() } : status })
  }
}
