import type { AbortOptions, CID } from '@parley/core'
import type { Conversations, Message } from '@parley/conversations'
import { toString } from 'uint8arrays'

/** A message with a voice, and the action that announced it. */
export interface SpokenMessage {
  conversation: CID
  message: Message & { voice: NonNullable<Message['voice']> }
  action: CID
}

/** Returns the spoken messages of a conversation, as far as this device can read them. */
export async function spokenIn (conversations: Conversations, id: CID, { signal }: AbortOptions = {}): Promise<SpokenMessage[]> {
  const conversation = await conversations.open(id)
  const { messages } = await conversation.state({ signal })
  const spoken = new Map(messages.map(message => [message.id, message]))
  const found: SpokenMessage[] = []
  for await (const { cid, author, content } of conversation.actions({ signal })) {
    if (content?.verb !== 'add' || content.thing !== 'message') continue
    const message = spoken.get(toString(content.message, 'hex'))
    // An action of somebody else that took this message's id announces nothing.
    if (message?.voice === undefined || message.device !== author) continue
    found.push({ conversation: id, message: { ...message, voice: message.voice }, action: cid })
  }
  return found
}
