import { CID } from '@parley/core'
import type { StoredAction } from '@parley/conversations'
import { asUsage } from '../as-usage.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { openConversation, tellKept, writeIn } from '../conversation/in-conversation.ts'
import { iso, readTime } from '../conversation/time.ts'
import { UsageError } from '../errors.ts'
import { moment } from '../output.ts'
import { oneLine } from '../terminal-text.ts'

const DURABLE = { durable: true }
const PRIVATE = { flags: '--private', description: 'labels of your own, which your devices alone know' }

export const conversationRename: CommandDefinition = {
  usage: 'conversation rename <id> <subject>',
  summary: 'give a conversation another subject',
  options: [{ flags: '--release', description: 'give your lock of the subject up with it' }],
  examples: ['parley conversation rename bafy… "Dinner on Friday"'],
  action: async (context, [id = '', subject = ''], { release }) => await writeIn(context, id, async ({ conversation }) => {
    const { cid } = await conversation.rename(subject, { ...DURABLE, release: release === true })
    return { value: { subject, action: cid.toString() }, words: `It is about “${oneLine(subject)}” now` }
  })
}

export const conversationExpire: CommandDefinition = {
  usage: 'conversation expire <id> <when>',
  summary: 'set when a conversation ends: a date, 2h or 7d from now, or never; needs full permission',
  examples: ['parley conversation expire bafy… 7d', 'parley conversation expire bafy… 2031-05-20T18:00', 'parley conversation expire bafy… never'],
  async action (context, [id = '', when = '']) {
    const at = when === 'never' ? null : readTime('The time', when, { now: context.io.clock.now() })
    return await writeIn(context, id, async ({ conversation }) => {
      const { cid } = await conversation.expire(at, DURABLE)
      return { value: { expires: at === null ? null : iso(at), action: cid.toString() }, words: at === null ? 'It never ends' : `It ends on ${moment(at)}; nothing that is said after that has an effect` }
    })
  }
}

export const conversationLabel: CommandDefinition = {
  usage: 'conversation label <id> <label...>',
  summary: 'put labels on a conversation: shared with everybody in it, or your own',
  options: [PRIVATE],
  examples: ['parley conversation label bafy… plans', 'parley conversation label bafy… later --private'],
  action: async (context, [id = '', ...labels], options) => await changeLabels(context, id, labels, { isPrivate: options['private'] === true, isAdding: true })
}

export const conversationUnlabel: CommandDefinition = {
  usage: 'conversation unlabel <id> <label...>',
  summary: 'take labels off a conversation',
  options: [PRIVATE],
  examples: ['parley conversation unlabel bafy… plans'],
  action: async (context, [id = '', ...labels], options) => await changeLabels(context, id, labels, { isPrivate: options['private'] === true, isAdding: false })
}

async function changeLabels (context: CommandContext, text: string, labels: string[], { isPrivate, isAdding }: { isPrivate: boolean, isAdding: boolean }): Promise<number> {
  const words = `${isAdding ? 'Added' : 'Took off'} ${labels.map(label => `#${oneLine(label)}`).join(' ')}`
  if (isPrivate) {
    return await context.withParley(async parley => {
      const { id } = await openConversation(parley, text)
      await asUsage('A label cannot be like that', async () => { await parley.marks.set(id, { labels: isAdding ? { add: labels } : { remove: labels } }, DURABLE) })
      return await tellKept(context, parley, { value: { conversation: id.toString(), private: true, labels: (await parley.marks.get(id)).labels }, words: `${words}, for yourself` })
    })
  }
  return await writeIn(context, text, async ({ conversation }) => {
    const actions: StoredAction[] = []
    for (const label of labels) actions.push(isAdding ? await conversation.label(label, DURABLE) : await conversation.unlabel(label, DURABLE))
    return { value: { private: false, labels: (await conversation.state()).labels, actions: actions.map(({ cid }) => cid.toString()) }, words }
  })
}

export const conversationSeen: CommandDefinition = {
  usage: 'conversation seen <id> [action]',
  summary: 'tell the others that you have seen everything, or everything up to an action',
  examples: ['parley conversation seen bafy…'],
  async action (context, [id = '', text]) {
    const given = text === undefined ? undefined : actionOf(text)
    return await writeIn(context, id, async ({ conversation }) => {
      let upTo = given
      if (upTo === undefined) for await (const { cid } of conversation.actions()) upTo = cid
      if (upTo === undefined) throw new UsageError('There is nothing in it yet')
      const { cid } = await conversation.seen(upTo, DURABLE)
      return { value: { seen: upTo.toString(), action: cid.toString() }, words: 'The others know that you have seen it' }
    })
  }
}

function actionOf (text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new UsageError(`"${text}" is no action; their ids are those that parley conversation show --json tells`, { cause })
  }
}
