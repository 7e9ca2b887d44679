import type { TextPart } from '@parley/conversations'
import { CID } from '@parley/core'
import type { CommandDefinition } from '../command.ts'
import { writeIn } from '../conversation/in-conversation.ts'
import { messageCalled } from '../conversation/items.ts'
import { readText } from '../conversation/read-text.ts'
import { UsageError } from '../errors.ts'

export const conversationSay: CommandDefinition = {
  usage: 'conversation say <id> <text>',
  summary: 'say something in a conversation, or comment on a message of it; - reads the text from standard input',
  options: [
    { flags: '--markdown', description: 'the text is Markdown' },
    { flags: '--reply-to <message>', description: 'the message that it is about: its id, or the beginning of one' },
    { flags: '--part <from-to>', description: 'which part of that message: characters from 0, the end not included' },
    { flags: '--quote <text>', description: 'which part of that message: these words of it' }
  ],
  examples: ['parley conversation say bafy… "Are you hungry?"', 'parley conversation say bafy… "Since when?" --reply-to a1b2c3 --quote hungry', 'fortune | parley conversation say bafy… -'],
  async action (context, [id = '', text = ''], options) {
    const { markdown, replyTo, part, quote } = options as { markdown?: boolean, replyTo?: string, part?: string, quote?: string }
    if (replyTo === undefined && (part !== undefined || quote !== undefined)) throw new UsageError('--part and --quote go with --reply-to')
    if (part !== undefined && quote !== undefined) throw new UsageError('Give either --part or --quote')
    const body = await readText(context.io, text)
    return await writeIn(context, id, async ({ conversation, state }) => {
      const parent = replyTo === undefined ? undefined : messageCalled(state, replyTo)
      const action = await conversation.say({ body, format: markdown === true ? 'markdown' : 'plain', parent: parent?.id, part: partOf(parent?.body ?? '', part, quote) }, { durable: true })
      return { value: { message: action.id, action: action.cid.toString() }, words: `Said ${action.id}` }
    })
  }
}

function partOf (body: string, part: string | undefined, quote: string | undefined): TextPart | undefined {
  if (quote !== undefined) {
    const from = quote === '' ? -1 : body.indexOf(quote)
    if (from < 0) throw new UsageError(`The message does not say "${quote}"`)
    return { from, to: from + quote.length }
  }
  if (part === undefined) return undefined
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(part) ?? []
  if (from === undefined || to === undefined || Number(from) >= Number(to) || Number(to) > body.length) throw new UsageError(`--part takes two numbers such as 0-12, of the ${body.length} characters that the message has, not "${part}"`)
  return { from: Number(from), to: Number(to) }
}

export const conversationEdit: CommandDefinition = {
  usage: 'conversation edit <id> <message> <text>',
  summary: 'change what a message says; - reads the text from standard input',
  options: [
    { flags: '--markdown', description: 'the text is Markdown' },
    { flags: '--plain', description: 'the text is plain; without either it stays what it was' },
    { flags: '--release', description: 'give your lock of the message up with it' },
    { flags: '--follows <version>', description: 'the version that you changed, as show --json tells it: refused when there is a newer one' }
  ],
  examples: ['parley conversation edit bafy… a1b2c3 "Are you very hungry?"', 'parley conversation edit bafy… a1b2c3 - --release < message.txt'],
  async action (context, [id = '', message = '', text = ''], options) {
    const { markdown, plain, release, follows } = options as { markdown?: boolean, plain?: boolean, release?: boolean, follows?: string }
    if (markdown === true && plain === true) throw new UsageError('Give either --markdown or --plain')
    const version = follows === undefined ? undefined : versionOf(follows)
    const body = await readText(context.io, text)
    return await writeIn(context, id, async ({ conversation, state }) => {
      const known = messageCalled(state, message)
      const format = markdown === true ? 'markdown' as const : plain === true ? 'plain' as const : undefined
      const { cid } = await conversation.edit(known.id, { body, format, follows: version, release: release === true }, { durable: true })
      return { value: { message: known.id, action: cid.toString() }, words: `Changed ${known.id}` }
    })
  }
}

function versionOf (text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new UsageError(`--follows takes a version, as parley conversation show --json tells it, not "${text}"`, { cause })
  }
}
