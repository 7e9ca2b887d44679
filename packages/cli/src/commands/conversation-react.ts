import type { CommandContext, CommandDefinition } from '../command.ts'
import { writeIn } from '../conversation/in-conversation.ts'
import { messageCalled } from '../conversation/items.ts'
import { oneLine } from '../terminal-text.ts'

export const conversationReact: CommandDefinition = {
  usage: 'conversation react <id> <message> <reaction>',
  summary: 'react to a message, with an emoji or a short word',
  examples: ['parley conversation react bafy… a1b2c3 👍'],
  action: async (context, args) => await react(context, args, true)
}

export const conversationUnreact: CommandDefinition = {
  usage: 'conversation unreact <id> <message> <reaction>',
  summary: 'take a reaction back',
  examples: ['parley conversation unreact bafy… a1b2c3 👍'],
  action: async (context, args) => await react(context, args, false)
}

async function react (context: CommandContext, [id = '', text = '', reaction = '']: string[], isAdding: boolean): Promise<number> {
  return await writeIn(context, id, async ({ conversation, state }) => {
    const message = messageCalled(state, text)
    const { cid } = await conversation[isAdding ? 'react' : 'unreact'](message.id, reaction, { durable: true })
    return { value: { message: message.id, reaction, action: cid.toString() }, words: `${isAdding ? 'Reacted to' : 'Took it back from'} ${message.id}: ${oneLine(reaction)}` }
  })
}
