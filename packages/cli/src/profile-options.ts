import type { DeclaredStatus, ProfileFields } from '@parley/identity'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'
import { readInput } from './read-input.ts'

/** One flag of `profile set`. */
interface ProfileOption {
  flags: string
  description: string
  field: keyof ProfileFields
  /** The name under which commander gives the value. */
  key: string
  read(given: string | string[], io: Io): Promise<ProfileFields> | ProfileFields
}

const one = (field: 'commonName' | 'fullName' | 'phone' | 'description' | 'timeZone', key: string, flags: string, description: string): ProfileOption =>
  ({ field, key, flags, description, read: given => ({ [field]: String(given) }) })
const many = <Field extends 'emails' | 'names' | 'links' | 'organisations'>(field: Field, key: string, flags: string, description: string, read: (given: string, io: Io) => NonNullable<ProfileFields[Field]>[number]): ProfileOption =>
  ({ field, key, flags, description, read: (given, io) => ({ [field]: [given].flat().map(text => read(text, io)) }) })

/** Every flag that says something of the person; what is given replaces the whole field. */
export const PROFILE_OPTIONS: ProfileOption[] = [
  one('commonName', 'commonName', '--common-name <name>', 'what people call you'),
  one('fullName', 'fullName', '--full-name <name>', 'your name on documents'),
  many('emails', 'email', '--email <address...>', 'email addresses', text => text),
  one('phone', 'phone', '--phone <number>', 'telephone number'),
  one('description', 'description', '--description <text>', 'a line about you, 280 characters at most'),
  { field: 'descriptionMarkdown', key: 'markdown', flags: '--markdown <file>', description: 'file with more about you, 16 KiB at most; - for standard input', read: async (given, io) => ({ descriptionMarkdown: new TextDecoder().decode(await readInput(io, String(given))).replaceAll('\r\n', '\n') }) },
  one('timeZone', 'timezone', '--timezone <zone>', 'for example Europe/Rome'),
  many('organisations', 'organisation', '--organisation <name / team / role...>', 'where you work; team and role may be left out', readOrganisation),
  many('links', 'link', '--link <url name...>', 'other profiles of yours: "https://example.org/me My page"', readLink),
  many('names', 'didWeb', '--did-web <name...>', 'did:web names of yours; they count once their documents name your DID too, and are always public', text => text)
]

function readOrganisation (text: string): { name: string, team?: string, role?: string } {
  const [name = '', team, role, more] = text.split('/').map(part => part.trim())
  if (more !== undefined) throw new UsageError(`--organisation takes "name / team / role", not "${text}"`)
  return { name, ...(team === undefined || team === '' ? {} : { team }), ...(role === undefined || role === '' ? {} : { role }) }
}

function readLink (text: string, io: Io): { url: string, name: string, how: string, checked: number } {
  const [url = '', ...name] = text.trim().split(/\s+/)
  // Nobody made sure of it but the person who says so.
  return { url, name: name.join(' '), how: 'own-word', checked: Math.floor(io.clock.now()) }
}

const STATES = ['active', 'out-of-office', 'dormant'] as const

/** Reads `--status`, `--message` and `--until`. @throws {UsageError} */
export function statusOf (options: Record<string, unknown>): DeclaredStatus | undefined {
  const { status, message, until } = options as { status?: string, message?: string, until?: string }
  if (status === undefined) {
    if (message !== undefined || until !== undefined) throw new UsageError('--message and --until belong to a --status')
    return undefined
  }
  const state = STATES.find(one => one === status)
  if (state === undefined) throw new UsageError(`--status takes one of ${STATES.join(', ')}, not "${status}"`)
  if (state === 'active' && message !== undefined) throw new UsageError('--message goes with out-of-office or dormant')
  if (state !== 'out-of-office' && until !== undefined) throw new UsageError('--until goes with out-of-office')
  if (state === 'active') return { state }
  const said = message === undefined || message === '' ? {} : { message }
  return state === 'dormant' ? { state, ...said } : { state, ...(until === undefined ? {} : { until: momentOf(until) }), ...said }
}

function momentOf (text: string): number {
  // A date alone is a day in the zone of whoever writes it; `Date` would take it for one in UTC.
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text)
  if (!(at > 0)) throw new UsageError(`--until takes a date such as 2031-05-20 or 2031-05-20T09:00, not "${text}"`)
  return at
}
