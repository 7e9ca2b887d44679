import type { Parley, Request } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UnknownRequestError } from '../errors.ts'
import { clockTime, moment, table } from '../output.ts'

export const requestList: CommandDefinition = {
  usage: 'request list',
  summary: 'fetch and list what people you do not know left; they wait until you accept or decline',
  options: [{ flags: '--offline', description: 'list what is on this device without asking the proxies' }],
  examples: ['parley request list', 'parley request list --offline --json'],
  async action ({ io, output, withParley }, _args, { offline }) {
    await withParley(async parley => {
      const { unreachable } = offline === true ? { unreachable: [] } : await parley.sync({ signal: io.signal })
      for (const { who, reason } of unreachable) output.say(`${who} could not be reached: ${reason}`)
      const requests = await parley.requests.list()
      output.result({ requests: requests.map(jsonRequest), unreachable }, requests.length === 0
        ? 'Nobody waits for an answer.\n'
        : table(['CALLS THEMSELVES', 'FIRST SEEN', 'MESSAGES', 'LENGTH', 'DID'], requests.map(({ person, name, firstSeen, messages, seconds }) =>
          [name === '' ? '(no name)' : name, moment(firstSeen), String(messages), clockTime(seconds * 1000), person])))
    })
    return undefined
  }
}

export const requestAccept: CommandDefinition = {
  usage: 'request accept <who>',
  summary: 'make somebody a contact who left a request; anybody can take any name, so look at the DID',
  options: [{ flags: '--name <name>', description: 'the name you give them (default: what they call themselves)' }],
  examples: ['parley request accept did:key:z6Mk… --name Carol', 'parley request accept Carol'],
  async action (context, [who = ''], { name }) {
    await context.withParley(async parley => {
      const { person } = await findRequest(context, parley, who)
      await parley.requests.accept(person, name === undefined ? {} : { name: name as string })
      const called = await parley.nameOf(person)
      context.output.result({ accepted: person, name: called }, `${called} is a contact now: ${person}\n`)
    })
    return undefined
  }
}

export const requestDecline: CommandDefinition = {
  usage: 'request decline <who>',
  summary: 'turn a request down: they may leave no other; they are not told',
  options: [{ flags: '--block', description: 'shut them out altogether' }],
  examples: ['parley request decline did:key:z6Mk…', 'parley request decline Mallory --block'],
  async action (context, [who = ''], { block }) {
    await context.withParley(async parley => {
      const { person, name } = await findRequest(context, parley, who)
      await parley.requests.decline(person, { block: block === true })
      context.output.result({ declined: person, blocked: block === true }, `${block === true ? 'Blocked' : 'Declined'} ${name === '' ? person : `${name}, ${person}`}\n`)
    })
    return undefined
  }
}

/** Finds whose request is meant, here or else at the proxies. */
async function findRequest ({ io }: CommandContext, parley: Parley, who: string): Promise<Request> {
  const fitting = async (): Promise<Request[]> => (await parley.requests.list()).filter(({ person, name }) => person === who || name.toLowerCase() === who.toLowerCase().trim())
  let found = await fitting()
  if (found.length === 0) {
    await parley.sync({ signal: io.signal })
    found = await fitting()
  }
  const [only, another] = found
  if (only === undefined || another !== undefined) throw new UnknownRequestError(who, found.map(({ person }) => person))
  return only
}

function jsonRequest ({ conversations, firstSeen, ...request }: Request): Record<string, unknown> {
  return { ...request, firstSeen: new Date(firstSeen).toISOString(), conversations: conversations.map(String) }
}
