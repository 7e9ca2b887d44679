import type { CID, EmitterSource, Logger } from '@parley/core'
import type { Conversations, ConversationState, Message } from '@parley/conversations'
import type { Contacts, Did, People } from '@parley/identity'
import type { Inbox } from './inbox.ts'
import { nameOf } from './names.ts'
import type { Told, ToldMarks } from './told-marks.ts'
import type { ParleyEvents } from './types.ts'

export interface WatchComponents {
  conversations: Conversations
  contacts: Contacts
  people: People
  inbox: Pick<Inbox, 'describe'>
  told: ToldMarks
  events: EmitterSource<ParleyEvents>
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. */
  isOwn(person: Did): boolean
}

/** Tells what changed for people whenever a conversation's log did. */
export interface Watch {
  /** Looks at a conversation again, after what is being looked at now. */
  look(conversation: CID): Promise<void>
}

export function createWatch ({ conversations, contacts, people, inbox, told, events, logger, isOwn }: WatchComponents): Watch {
  const known = new Map<string, Map<string, Told>>()
  const looks = new Map<string, Promise<void>>()

  const knownOf = async (conversation: CID): Promise<Map<string, Told>> => {
    const name = conversation.toString()
    const marks = known.get(name) ?? await told.of(conversation)
    known.set(name, marks)
    return marks
  }
  /** Tells what is new about a message; returns what is told of it now, if that is something else than before. */
  const tell = async (state: ConversationState, message: Message, before: Told): Promise<Told | undefined> => {
    const entry = await inbox.describe(state, message)
    const played: Record<Did, boolean> = { ...before.played }
    const news = Object.entries(isOwn(message.author) ? message.played : {}).filter(([by, { done }]) => !isOwn(by) && played[by] !== done)
    // What strangers say is told of as a request.
    if (entry !== undefined && entry.state !== before.state && !entry.request) events.emit('message', entry)
    for (const [by, { done }] of news) {
      played[by] = done
      events.emit('played', { conversation: state.id, message: message.id, by, byName: await nameOf({ contacts, people }, by), done })
    }
    return news.length === 0 && (entry === undefined || entry.state === before.state) ? undefined : { state: entry?.state ?? before.state, played }
  }
  const look = async (conversation: CID): Promise<void> => {
    const state = await (await conversations.open(conversation)).state()
    const marks = await knownOf(conversation)
    const changed = new Map<string, Told>()
    for (const message of state.messages) {
      const now = await tell(state, message, marks.get(message.id) ?? { played: {} })
      if (now === undefined) continue
      marks.set(message.id, now)
      changed.set(message.id, now)
    }
    // Behind the telling: what dies between the two is told again.
    await told.put(conversation, changed)
  }

  return {
    async look (conversation) {
      const key = conversation.toString()
      const next = (looks.get(key) ?? Promise.resolve()).then(async () => { await look(conversation) }).catch((error: unknown) => {
        logger.warn('a conversation could not be looked at', { conversation: key, error })
      })
      looks.set(key, next)
      await next
      if (looks.get(key) === next) looks.delete(key)
    }
  }
}
