import type { Conversation, Message } from '@parley/conversations'
import { toString } from 'uint8arrays'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { writeIn, type Opened, type Written } from '../conversation/in-conversation.ts'
import { attachmentCalled, idOf, messageCalled } from '../conversation/items.ts'
import { UsageError } from '../errors.ts'

const DURABLE = { durable: true }
const SUBJECT = { flags: '--subject', description: 'the subject of the conversation, in place of a message' }

export const conversationRemoveMessage: CommandDefinition = {
  usage: 'conversation remove-message <id> <message>',
  summary: 'take a message out of sight for everybody; it can be recovered',
  examples: ['parley conversation remove-message bafy… a1b2c3'],
  action: async (context, [id = '', text = '']) => await ofMessage(context, id, text, 'Removed', async (conversation, { id: message }) => await conversation.erase(message, DURABLE))
}

export const conversationRecover: CommandDefinition = {
  usage: 'conversation recover <id> <message>',
  summary: 'bring back a message that was removed',
  examples: ['parley conversation recover bafy… a1b2c3'],
  action: async (context, [id = '', text = '']) => await ofMessage(context, id, text, 'Recovered', async (conversation, { id: message }) => await conversation.recover(message, DURABLE))
}

export const conversationRemoveFile: CommandDefinition = {
  usage: 'conversation remove-file <id> <attachment>',
  summary: 'take a file off its message',
  examples: ['parley conversation remove-file bafy… plan.pdf'],
  action: async (context, [id = '', text = '']) => await writeIn(context, id, async ({ conversation, state }) => {
    const { message, file } = attachmentCalled(state, text)
    const { cid } = await conversation.detach(message.id, idOf(file), DURABLE)
    return { value: { message: message.id, attachment: toString(file.attachment, 'hex'), action: cid.toString() }, words: `Took ${file.name} off ${message.id}` }
  })
}

export const conversationLock: CommandDefinition = {
  usage: 'conversation lock <id> [message]',
  summary: 'take the right to change a message, or the subject, alone for an hour',
  options: [SUBJECT],
  examples: ['parley conversation lock bafy… a1b2c3', 'parley conversation lock bafy… --subject'],
  action: async (context, [id = '', text], { subject }) => await ofItem(context, id, text, subject === true, 'Locked', async ({ conversation }, message) =>
    message === undefined ? await conversation.lockSubject(DURABLE) : await conversation.lock(message.id, DURABLE))
}

export const conversationRelease: CommandDefinition = {
  usage: 'conversation release <id> [message]',
  summary: 'give up the lock of a message, or of the subject; with full permission also somebody else’s',
  options: [SUBJECT],
  examples: ['parley conversation release bafy… a1b2c3', 'parley conversation release bafy… --subject'],
  action: async (context, [id = '', text], { subject }) => await ofItem(context, id, text, subject === true, 'Released', async ({ conversation }, message) =>
    message === undefined ? await conversation.releaseSubject(DURABLE) : await conversation.release(message.id, DURABLE))
}

async function ofMessage (context: CommandContext, id: string, text: string, done: string, write: (conversation: Conversation, message: Message) => ReturnType<Conversation['erase']>): Promise<number> {
  return await writeIn(context, id, async ({ conversation, state }): Promise<Written> => {
    const message = messageCalled(state, text)
    const { cid } = await write(conversation, message)
    return { value: { message: message.id, action: cid.toString() }, words: `${done} ${message.id}` }
  })
}

async function ofItem (context: CommandContext, id: string, text: string | undefined, isSubject: boolean, done: string, write: (opened: Opened, message: Message | undefined) => ReturnType<Conversation['lock']>): Promise<number> {
  if ((text === undefined) !== isSubject) throw new UsageError('Name a message, or give --subject')
  return await writeIn(context, id, async opened => {
    const message = text === undefined ? undefined : messageCalled(opened.state, text)
    const { cid } = await write(opened, message)
    return { value: { ...(message === undefined ? { subject: true } : { message: message.id }), action: cid.toString() }, words: `${done} ${message?.id ?? 'the subject'}` }
  })
}
