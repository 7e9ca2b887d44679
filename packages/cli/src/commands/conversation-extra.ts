import type { Answer, Appointment, Extra, Location, Survey } from '@parley/conversations'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { writeIn } from '../conversation/in-conversation.ts'
import { extraCalled, messageCalled } from '../conversation/items.ts'
import { readTime } from '../conversation/time.ts'
import { UsageError } from '../errors.ts'
import { moment } from '../output.ts'
import { oneLine } from '../terminal-text.ts'
import { wholeNumber } from '../whole-number.ts'

const MESSAGE = { flags: '--message <message>', description: 'the message that it belongs to' }
const NUMBER = String.raw`[+-]?\d{1,3}(?:\.\d{1,12})?`
const PLACE = new RegExp(`^(?:geo:)?(${NUMBER})(?:\\s*,\\s*|\\s+)(${NUMBER})(?:;u=(\\d+(?:\\.\\d+)?))?$`)

export const conversationPlace: CommandDefinition = {
  usage: 'conversation place <id> <where...>',
  summary: 'tell a place: its latitude and longitude in degrees, or a geo: URI',
  options: [{ flags: '--name <name>', description: 'what the place is called' }, MESSAGE],
  examples: ['parley conversation place bafy… 48.2082 16.3738 --name "Stephansplatz"', 'parley conversation place bafy… "geo:-33.8688,151.2093;u=50"'],
  async action (context, [id = '', ...where], options) {
    const { name, message } = options as { name?: string, message?: string }
    const [, latitude, longitude, uncertainty] = PLACE.exec(where.join(' ').trim()) ?? []
    if (latitude === undefined || longitude === undefined) throw new UsageError(`A place is two numbers such as 48.2082 16.3738, or a geo: URI, not "${where.join(' ')}"`)
    const data: Location = { latitude: Number(latitude), longitude: Number(longitude), ...(uncertainty === undefined ? {} : { uncertainty: Number(uncertainty) }), ...(name === undefined ? {} : { name }) }
    return await addExtra(context, id, 'location', message, { ...data }, `${name === undefined ? '' : `${name}, `}${data.latitude}, ${data.longitude}`)
  }
}

export const conversationAppointment: CommandDefinition = {
  usage: 'conversation appointment <id> <title>',
  summary: 'propose when to meet; each answers yes, no or maybe',
  options: [
    { flags: '--at <when>', description: 'when it begins: a date with a time of day, or 2h, 3d' },
    { flags: '--until <when>', description: 'when it ends' },
    { flags: '--place <place>', description: 'where' },
    { flags: '--zone <zone>', description: 'the zone in which it was planned, for example Europe/Rome' },
    MESSAGE
  ],
  examples: ['parley conversation appointment bafy… Dinner --at 2031-05-20T19:00 --place "At Bob’s"'],
  async action (context, [id = '', title = ''], options) {
    const { at, until, place, zone, message } = options as { at?: string, until?: string, place?: string, zone?: string, message?: string }
    if (at === undefined) throw new UsageError('Say when it begins, with --at')
    const now = context.io.clock.now()
    const startsAt = readTime('--at', at, { now })
    const endsAt = until === undefined ? undefined : readTime('--until', until, { now })
    if (endsAt !== undefined && endsAt < startsAt) throw new UsageError('--until comes before --at')
    const data: Appointment = { title, startsAt, ...(endsAt === undefined ? {} : { endsAt }), ...(zone === undefined ? {} : { timeZone: zone }), ...(place === undefined ? {} : { place }) }
    return await addExtra(context, id, 'appointment', message, { ...data }, `${title}, ${new Date(startsAt).toISOString()}${place === undefined ? '' : `, ${place}`}`, `${oneLine(title)}, ${moment(startsAt)}`)
  }
}

export const conversationSurvey: CommandDefinition = {
  usage: 'conversation survey <id> <question> <option...>',
  summary: 'ask a question with options to choose from',
  options: [{ flags: '--most <n>', description: 'how many one may choose', default: '1' }, MESSAGE],
  examples: ['parley conversation survey bafy… "What shall we eat?" Pizza Soup Nothing', 'parley conversation survey bafy… "Which days?" Mon Tue Wed --most 3'],
  async action (context, [id = '', question = '', ...options], given) {
    if (options.length < 2) throw new UsageError('A survey has at least two options')
    const most = wholeNumber('--most', given['most'], 1, options.length)
    const data: Survey = { question, options, ...(most === 1 ? {} : { most }) }
    return await addExtra(context, id, 'survey', given['message'] as string | undefined, { ...data }, [question, ...options.map((option, place) => `${place + 1}. ${option}`)].join('\n'), oneLine(question))
  }
}

async function addExtra (context: CommandContext, id: string, kind: string, about: string | undefined, data: Record<string, unknown>, text: string, words = oneLine(text)): Promise<number> {
  return await writeIn(context, id, async ({ conversation, state }) => {
    const message = about === undefined ? undefined : messageCalled(state, about).id
    const action = await conversation.addExtra({ kind, text, data, message }, { durable: true })
    return { value: { extra: action.id, kind, action: action.cid.toString() }, words: `Added ${kind} ${action.id}: ${words}` }
  })
}

export const conversationAnswer: CommandDefinition = {
  usage: 'conversation answer <id> <extra> <answer...>',
  summary: 'answer an appointment (yes, no, maybe), a survey (numbers of options from 1, or none), or what else asks (a text)',
  examples: ['parley conversation answer bafy… a1b2c3 yes', 'parley conversation answer bafy… d4e5f6 1 3'],
  async action (context, [id = '', text = '', ...given]) {
    return await writeIn(context, id, async ({ conversation, state }) => {
      const extra = extraCalled(state, text)
      const answer = answerOf(extra, given)
      const { cid } = await conversation.respond(extra.id, answer, { durable: true })
      return { value: { extra: extra.id, answer, action: cid.toString() }, words: `Answered ${extra.id}: ${given.join(' ')}` }
    })
  }
}

function answerOf ({ kind, data }: Extra, given: string[]): Answer {
  const text = given.join(' ')
  if (kind === 'appointment' && !['yes', 'no', 'maybe'].includes(text)) throw new UsageError(`An appointment is answered with yes, no or maybe, not "${text}"`)
  if (kind !== 'survey' || data === undefined) return text
  const { options, most = 1 } = data as unknown as Survey
  if (text === 'none') return []
  const numbers = given.map(one => wholeNumber('The answer', one, 1, options.length) - 1)
  if (new Set(numbers).size > most) throw new UsageError(`At most ${most} of the options may be chosen`)
  return [...new Set(numbers)].sort((a, b) => a - b)
}
