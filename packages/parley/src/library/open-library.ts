import type { CID, Clock, Logger, RandomBytes, Store } from '@parley/core'
import { createConversationList, createDrafts, createMessageDrafts, createPrivateState, createReadNotices, createSearch, type ConversationList, type Conversations, type Drafts, type GrowthMarks, type Home, type LogHolder, type MessageDrafts, type PrivateState, type ReadNotices, type Search } from '@parley/conversations'
import type { Contacts, DeviceKeys, Did, People } from '@parley/identity'
import { contactOf } from '../names.ts'
import type { ConversationBook } from '../policy/index.ts'
import { createLabelChanges } from './label-changes.ts'

export interface LibraryComponents {
  store: Store
  conversations: Conversations
  /** Knows frontiers without their logs. */
  book: Pick<ConversationBook, 'frontier'>
  /** The marks of the store that `conversations` has. */
  growth: GrowthMarks
  home: Home
  people: People
  contacts: Contacts
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** How a person finds their way in what they have: the list of conversations, their own marks, drafts and the search. */
export interface Library {
  list: ConversationList
  marks: PrivateState
  readNotices: ReadNotices
  drafts: Drafts
  texts: MessageDrafts
  search: Search
  stop(): Promise<void>
}

/** Opens the list, the marks, drafts and the search of `person`, and keeps each in step with what the others change. */
export async function openLibrary (components: LibraryComponents, person: Did): Promise<Library> {
  const { store, conversations, book, growth, home, people, contacts, keys, clock, random, logger } = components
  const stopping = new AbortController()
  const { signal } = stopping
  const { storageKey } = keys
  const marks = createPrivateState({ home, device: keys.did, logger })
  const list = await createConversationList({ conversations, home, privateState: marks, growth, person, storageKey, clock, random, logger })
  const readNotices = createReadNotices({ conversations, home, privateState: marks, person, clock, logger })
  const drafts = createDrafts({ home, conversations, people, person, clock, random, logger })
  const search = await createSearch({
    store,
    conversations: { ...conversations, holder: id => surveyed(conversations, book, id) },
    clock,
    random,
    logger,
    storageKey,
    privateLabels: async id => (await marks.get(id)).labels,
    nameOf: async did => (await contactOf(contacts, did))?.name
  })
  const labels = createLabelChanges()
  marks.on('changed', ({ conversation, marks: { labels: now } }) => {
    if (labels.changed(conversation, now)) search.refresh(conversation)
  }, { signal })
  contacts.on('changed', ({ did, contact, before }) => {
    if (contact?.name === before?.name && contact?.status === before?.status) return
    for (const id of conversationsWith(list, did)) search.refresh(id)
  }, { signal })
  const finishing = drafts.finish().catch((error: unknown) => { logger.warn('what is left of published drafts could not be removed', { error }) })
  const texts = createMessageDrafts({ home, logger })
  return {
    list,
    marks,
    readNotices,
    drafts,
    texts,
    search,
    async stop () {
      if (signal.aborted) return
      stopping.abort()
      await finishing
      texts.stop()
      await readNotices.stop()
      await search.stop()
      await list.stop()
      await marks.stop()
    }
  }
}

/** A search looks at every frontier when it starts; of what did not grow since no log is read for that. */
function surveyed (conversations: Conversations, book: Pick<ConversationBook, 'frontier'>, id: CID): LogHolder {
  const holder = conversations.holder(id)
  return { ...holder, frontier: async () => await book.frontier(id) ?? await holder.frontier() }
}

/** Returns the conversations in which somebody takes part. */
function conversationsWith (list: ConversationList, person: Did): CID[] {
  return list.page({ person, limit: Number.MAX_SAFE_INTEGER }).entries.map(({ id }) => id)
}
