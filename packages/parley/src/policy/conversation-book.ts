import { bytesSchema, decodeCanonical, type CID, type Logger } from '@parley/core'
import type { Conversations, FrontierEntry } from '@parley/conversations'
import { didFromPublicKey, type Did, type People } from '@parley/identity'
import { equals } from 'uint8arrays'
import * as z from 'zod/mini'
import type { LogNotes } from '../library/log-notes.ts'
import { basisOf, decodeBookNote, encodeBookNote, type BookNote } from './book-note.ts'

/** What is held of one conversation, as far as standing and limits need it. */
export interface BookEntry {
  conversation: CID
  creator: Did | undefined
  access: readonly Did[]
  /** Persons answered for who wrote in it. */
  writers: ReadonlySet<Did>
  /** Spoken messages kept here, by voice id in hex, and whose they are. */
  voices: ReadonlyMap<string, Did>
}

/** Who wrote to whom, and what of strangers waits for an answer: derived from the conversations held, kept up to date as they grow. */
export interface ConversationBook {
  /** Tells whether `person` wrote in a conversation that `other` may hold. */
  knows(person: Did, other: Did): boolean
  /** Returns with whom `person` wrote: everybody else in a conversation in which they did. */
  correspondents(person: Did): Did[]
  /** Returns the conversations of a person in which they did not write yet. */
  unanswered(person: Did): BookEntry[]
  get(conversation: CID): BookEntry | undefined
  /** Notes a spoken message that is kept here. */
  noteVoice(conversation: CID, voice: string, from: Did): void
  /** Resolves once everything that was stored before is in the book. */
  settled(): Promise<void>
  /** Returns the frontier of a conversation that did not grow since it was last noted, without its log. */
  frontier(conversation: CID): Promise<FrontierEntry[] | undefined>
  /** Notes what grew, so that the next start needs not read it. */
  stop(): Promise<void>
}

export interface ConversationBookComponents {
  conversations: Conversations
  people: People
  /** The notes of the store that `conversations` has: what did not grow is not read at the start. @default every conversation is read */
  notes?: LogNotes | undefined
  logger: Logger
}

interface Page { conversation: CID, creator: Did | undefined, access: Did[], writers: Set<Did>, voices: Map<string, Did> }

const MAX_BASICS_BYTES = 4096
/** What grew is noted when the book is closed, and when there is so much of it. */
const MAX_UNNOTED = 64
const creatorSchema = z.looseObject({ creator: bytesSchema({ exactBytes: 32 }) })

/** Reads the conversations held and follows them; `persons` are those answered for. */
export async function openConversationBook (components: ConversationBookComponents, persons: () => readonly Did[]): Promise<ConversationBook> {
  const { conversations, people, notes, logger } = components
  const pages = new Map<string, Page>()
  const known = new Map<Did, Set<Did>>()
  let reading: Promise<void> = Promise.resolve()
  const dirty = new Map<string, CID>()
  const unnoted = new Map<string, CID>()
  const ownDevices = new Map<Did, Did[]>()
  for (const person of persons()) {
    for (const { device } of (await people.list(person))?.devices ?? []) ownDevices.set(device, [...ownDevices.get(device) ?? [], person])
  }
  const basis = basisOf(ownDevices)

  const noteKnown = ({ access, writers }: Page): void => {
    for (const writer of writers) {
      const others = known.get(writer) ?? new Set<Did>()
      known.set(writer, others)
      for (const other of access) others.add(other)
    }
  }
  const read = async (conversation: CID): Promise<void> => {
    const key = conversation.toString()
    const holder = conversations.holder(conversation)
    const page = pages.get(key) ?? { conversation, creator: creatorOf(await holder.basics()), access: [], writers: new Set<Did>(), voices: new Map<string, Did>() }
    page.access = await holder.access()
    pages.set(key, page)
    noteKnown(page)
  }
  /** Reads a conversation with those who wrote in it, and notes that. */
  const readWhole = async (conversation: CID): Promise<void> => {
    const generation = notes?.generation(conversation) ?? 0
    await read(conversation)
    const page = pages.get(conversation.toString())
    const frontier = await conversations.holder(conversation).frontier()
    if (page === undefined) return
    for (const { author } of frontier) {
      for (const person of ownDevices.get(didFromPublicKey(author)) ?? []) if (page.access.includes(person)) page.writers.add(person)
    }
    noteKnown(page)
    await notes?.put(conversation, generation, encodeBookNote({ creator: page.creator, access: page.access, writers: [...page.writers], frontier, basis }))
  }
  const noteGrown = async (): Promise<void> => {
    const grown = [...unnoted]
    unnoted.clear()
    for (const [key, conversation] of grown) {
      await readWhole(conversation).catch((error: unknown) => { logger.info('a conversation is read again at the next start', { conversation: key, error }) })
    }
  }
  const readDirty = async (): Promise<void> => {
    for (const [key, conversation] of dirty) {
      dirty.delete(key)
      await read(conversation).catch((error: unknown) => { logger.warn('a conversation could not be looked at', { conversation: key, error }) })
    }
    if (unnoted.size >= MAX_UNNOTED) await noteGrown()
  }
  /** Returns the notes that hold: of conversations that did not grow, and for the persons and devices of now. */
  const readNotes = async (): Promise<Map<string, BookNote>> => {
    const read = new Map<string, BookNote>()
    for await (const { conversation, note } of notes?.all() ?? []) {
      try {
        const decoded = decodeBookNote(note)
        if (equals(decoded.basis, basis)) read.set(conversation.toString(), decoded)
      } catch (error) {
        logger.warn('a note of a conversation is damaged; it is read instead', { conversation: conversation.toString(), error })
      }
    }
    return read
  }

  // Heard from before the store is read, so that nothing falls between the two.
  const off = conversations.on('action', ({ conversation, home, action: { person } }) => {
    if (home) return
    const key = conversation.toString()
    dirty.set(key, conversation)
    unnoted.set(key, conversation)
    reading = reading.then(readDirty)
    if (!persons().includes(person)) return
    reading = reading.then(() => {
      const page = pages.get(key)
      if (page === undefined || page.writers.has(person)) return
      page.writers.add(person)
      noteKnown(page)
    })
  })
  const noted = await readNotes()
  for await (const conversation of conversations.ids()) {
    const key = conversation.toString()
    const note = noted.get(key)
    if (note === undefined || (notes?.generation(conversation) ?? 0) > 0) {
      await readWhole(conversation)
      continue
    }
    const page: Page = { conversation, creator: note.creator, access: note.access, writers: new Set(note.writers), voices: new Map() }
    pages.set(key, page)
    noteKnown(page)
  }

  return {
    knows: (person, other) => known.get(person)?.has(other) ?? false,
    correspondents: person => [...known.get(person) ?? []].filter(other => other !== person),
    unanswered: person => [...pages.values()].filter(({ access, writers }) => access.includes(person) && !writers.has(person)),
    get: conversation => pages.get(conversation.toString()),
    noteVoice (conversation, voice, from) { pages.get(conversation.toString())?.voices.set(voice, from) },
    async settled () { await reading },
    async frontier (conversation) {
      const note = await notes?.get(conversation)
      return note === undefined ? undefined : decodeBookNote(note).frontier
    },
    async stop () {
      off()
      await reading
      if (notes !== undefined) await noteGrown()
    }
  }
}

/** The basics name the creator; they are hashed into the conversation's id, so they cannot be changed. */
function creatorOf (basics: Uint8Array | undefined): Did | undefined {
  const read = basics === undefined ? undefined : creatorSchema.safeParse(decodeCanonical('basics', basics, MAX_BASICS_BYTES))
  return read?.success === true ? didFromPublicKey(read.data.creator) : undefined
}
