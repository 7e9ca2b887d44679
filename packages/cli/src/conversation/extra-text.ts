import type { Answer, Appointment, Call, Extra, Location, Survey } from '@parley/conversations'
import type { Did } from '@parley/identity'
import { clockTime, moment } from '../output.ts'
import { oneLine, shortened } from '../terminal-text.ts'
import { conflictWords, type Wording } from './message-text.ts'
import type { Names } from './people.ts'

type Describe = (extra: Extra, names: Names) => string[]

/** How kinds that are known are shown; all others by their text. Their data were checked when they were read. */
const KINDS: Readonly<Record<string, Describe>> = { location: locationLines, appointment: appointmentLines, survey: surveyLines }

/** Something that is no text: what it is, who answered how, and what became of it. */
export function extraLines (extra: Extra, { names, short }: Wording): string[] {
  const { id, kind, author, time, message, deleted, editedAt, editors, conflicts } = extra
  const about = message === undefined ? '' : `with ${short(message)}`
  return [
    [short(id), moment(time.wallMs), oneLine(names(author)), oneLine(kind), about].filter(Boolean).join('  '),
    ...(deleted === undefined ? KINDS[kind] ?? otherLines : () => [`deleted by ${oneLine(names(deleted.by))} on ${moment(deleted.at)}`])(extra, names).map(line => `  ${line}`),
    ...(editedAt === undefined ? [] : [`  edited by ${editors.map(did => oneLine(names(did))).join(', ')}, last ${moment(editedAt)}`]),
    ...conflicts.map(conflict => `  ${conflictWords(conflict, names, ({ text }) => text)}`)
  ]
}

function locationLines ({ data }: Extra): string[] {
  const { latitude, longitude, uncertainty, name } = data as unknown as Location
  return [`${name === undefined ? '' : `${oneLine(name)}, `}${latitude}, ${longitude}${uncertainty === undefined ? '' : ` ± ${uncertainty} m`}`]
}

function appointmentLines ({ data, responses }: Extra, names: Names): string[] {
  const { title, startsAt, endsAt, timeZone, place } = data as unknown as Appointment
  return [
    oneLine(title),
    `${moment(startsAt)}${endsAt === undefined ? '' : ` to ${moment(endsAt)}`}${timeZone === undefined ? '' : ` (made in ${timeZone})`}${place === undefined ? '' : `, ${oneLine(place)}`}`,
    ...(['yes', 'maybe', 'no'] as const).flatMap(answer => {
      const who = whoSaid(responses, one => one === answer, names)
      return who.length === 0 ? [] : [`${answer}: ${who.join(', ')}`]
    })
  ]
}

function surveyLines ({ data, responses }: Extra, names: Names): string[] {
  const { question, options, most = 1 } = data as unknown as Survey
  return [
    `${oneLine(question)}${most > 1 ? ` (up to ${most})` : ''}`,
    ...options.map((option, place) => {
      const who = whoSaid(responses, answer => Array.isArray(answer) && answer.includes(place), names)
      return `${place + 1}. ${oneLine(option)}  ${who.length}${who.length === 0 ? '' : `  ${who.join(', ')}`}`
    })
  ]
}

function otherLines ({ text = '', responses }: Extra, names: Names): string[] {
  return [
    ...text.split(/\r\n|\n/).map(line => `| ${line}`),
    ...Object.entries(responses).map(([did, { answer }]) => `${oneLine(names(did))}: ${shortened(String(answer), 200)}`)
  ]
}

function whoSaid (responses: Extra['responses'], isMeant: (answer: Answer) => boolean, names: Names): string[] {
  return Object.entries(responses).filter(([, { answer }]) => isMeant(answer)).map(([did]) => oneLine(names(did)))
}

/** A call that was. */
export function callLines ({ author, kinds, startedAt, durationMs, outcome, participants, missed }: Call, { names }: Wording): string[] {
  const all = (dids: readonly Did[]): string => dids.map(did => oneLine(names(did))).join(', ')
  return [
    `call  ${moment(startedAt)}  ${oneLine(names(author))}  ${kinds.join(', ')}, ${outcome}${durationMs > 0 ? `, ${clockTime(durationMs)}` : ''}`,
    `  with ${all(participants)}${missed.length === 0 ? '' : `; missed by ${all(missed)}`}`
  ]
}
