import type { Conversation, ConversationState } from '@parley/conversations'
import type { CID } from '@parley/core'
import type { Parley } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandContext } from '../command.ts'
import { conversationId } from '../conversation-id.ts'
import { exitOfSending, jsonSending, sendOut, sendingWords } from './send-out.ts'

/** A conversation that a command works with. */
export interface Opened { parley: Parley, conversation: Conversation, state: ConversationState, id: CID }

/** What a command wrote: for programs and for people. */
export interface Written { value: Record<string, unknown>, words: string }

export async function openConversation (parley: Parley, text: string): Promise<Opened> {
  const id = await conversationId(parley, text)
  const conversation = await parley.conversations.open(id)
  return { parley, conversation, state: await conversation.state(), id }
}

/** Writes in a conversation, brings that to the others, and tells both; returns the exit code. */
export async function writeIn (context: CommandContext, text: string, write: (opened: Opened) => Promise<Written>): Promise<number> {
  return await context.withParley(async parley => {
    const opened = await openConversation(parley, text)
    const written = await asUsage('This cannot be written', async () => await write(opened))
    return await tellWritten(context, parley, opened.id, written)
  })
}

/** Brings what was written to the others, tells what it was and how it stands, and returns the exit code. */
export async function tellWritten (context: CommandContext, parley: Parley, id: CID, { value, words }: Written): Promise<number> {
  const sent = await sendOut(context, parley, id)
  context.output.result({ conversation: id.toString(), ...value, sent: jsonSending(sent, parley) }, `${words}\n${sendingWords(sent, parley)}`)
  return exitOfSending(sent, parley)
}

/** Brings what we keep for ourselves to our proxies and other devices, and tells what it was. */
export async function tellKept (context: CommandContext, parley: Parley, { value, words }: Written): Promise<number> {
  const sent = await sendOut(context, parley, parley.home.id)
  context.output.result({ ...value, sent: jsonSending(sent, parley) }, `${words}\n${sendingWords(sent, parley)}`)
  return exitOfSending(sent, parley)
}
