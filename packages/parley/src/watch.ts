import type { CID, EmitterSource, Logger } from '@parley/core'
import type { Conversations } from '@parley/conversations'
import type { Contacts, Did, People } from '@parley/identity'
import type { Inbox } from './inbox.ts'
import { nameOf } from './names.ts'
import type { ParleyEvents } from './types.ts'

export interface WatchComponents {
  conversations: Conversations
  contacts: Contacts
  people: People
  inbox: Inbox
  events: EmitterSource<ParleyEvents>
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. */
  isOwn(person: Did): boolean
}

/** Tells what changed for people whenever a conversation's log did. */
export interface Watch {
  /** Looks at a conversation again, after what is being looked at now. */
  look(conversation: CID): Promise<void>
  /** Takes a conversation as it is now for known, without telling. */
  know(conversation: CID): Promise<void>
}

export function createWatch ({ conversations, contacts, people, inbox, events, logger, isOwn }: WatchComponents): Watch {
  // What was told of each message: its standing, and who played how far.
  const told = new Map<string, string>()
  const looks = new Map<string, Promise<void>>()

  const changed = (key: string, value: string): boolean => {
    if (told.get(key) === value) return false
    told.set(key, value)
    return true
  }

  const compare = async (conversation: CID, tell: boolean): Promise<void> => {
    const state = await (await conversations.open(conversation)).state()
    for (const message of state.messages) {
      const entry = await inbox.describe(state, message)
      // What strangers say is told of as a request.
      if (entry !== undefined && changed(message.id, entry.state) && tell && !entry.request) events.emit('message', entry)
      if (!isOwn(message.author)) continue
      for (const [by, { done }] of Object.entries(message.played)) {
        if (isOwn(by) || !changed(`${message.id} ${by}`, String(done)) || !tell) continue
        events.emit('played', { conversation, message: message.id, by, byName: await nameOf({ contacts, people }, by), done })
      }
    }
  }

  const queue = async (conversation: CID, tell: boolean): Promise<void> => {
    const key = conversation.toString()
    const next = (looks.get(key) ?? Promise.resolve()).then(async () => { await compare(conversation, tell) }).catch((error: unknown) => {
      logger.warn('a conversation could not be looked at', { conversation: key, error })
    })
    looks.set(key, next)
    await next
  }

  return {
    look: async conversation => { await queue(conversation, true) },
    know: async conversation => { await queue(conversation, false) }
  }
}
