import { sha256, type CID, type Change } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Conversations, FrontierEntry } from '../types.ts'
import { breathe } from './breathe.ts'
import type { DocumentNumbers } from './document-numbers.ts'
import { conversationDocument, externalDocument, extraDocuments, messageDocuments, type OwnWords, type SearchableMessage, type SearchableState } from './documents.ts'
import type { IndexBatch } from './index-batch.ts'
import type { Note } from './records.ts'
import type { SearchEntries } from './search-entries.ts'
import type { Place, SegmentSet } from './segment-set.ts'
import type { IndexDocument } from './types.ts'

export interface TakeInComponents {
  conversations: Pick<Conversations, 'open' | 'holder'>
  set: SegmentSet
  entries: SearchEntries
  numbers: DocumentNumbers
  /** Returns the person's private labels of a conversation. */
  privateLabels?: ((conversation: CID) => Promise<readonly string[]>) | undefined
  /** Returns the person's own name for somebody. */
  nameOf?: ((did: Did) => Promise<string | undefined>) | undefined
}

/** Compares a conversation with what the index has of it, and makes up the difference. */
export type TakeIn = (conversation: CID, batch: IndexBatch, signal: AbortSignal) => Promise<void>

/** Documents between two stops. */
const STRIDE = 512

/**
 * Creates the comparison. It looks at all of a conversation, since an action
 * that comes late may change what others amount to, but at each message as it
 * stands once only: states replace messages and never change them.
 */
export function createTakeIn ({ conversations, set, entries, numbers, privateLabels, nameOf }: TakeInComponents): { takeIn: TakeIn, forget(): void } {
  /** The numbers of the documents of messages that are in the index as they are. */
  let known = new WeakMap<SearchableMessage, number[]>()

  const ownWords = async (id: CID, { participants }: SearchableState): Promise<OwnWords> => {
    const names = await Promise.all(participants.map(async ({ did }) => await nameOf?.(did)))
    return { labels: await privateLabels?.(id) ?? [], names: names.filter(name => name !== undefined) }
  }
  const subjectChange = async (group: string, subject: string | undefined): Promise<Change[]> => {
    return subject === undefined || await entries.subject(group) === subject ? [] : [entries.putSubject(group, subject)]
  }
  const takeIn: TakeIn = async (id, batch, signal) => {
    const group = id.toString()
    // Before the state: what comes between the two is told by an event, and looked at again.
    const frontier = await conversations.holder(id).frontier()
    const state: SearchableState = await (await conversations.open(id)).state({ signal })
    const places = await set.placesOf(group)
    const take = (document: IndexDocument): number => {
      const number = numbers.id(document.id)
      const print = numbers.print(document)
      const place = places.get(number)
      places.delete(number)
      if (place?.print === print) return number
      if (place !== undefined) batch.drop(place)
      batch.add({ document, id: number, print })
      return number
    }
    const own = await ownWords(id, state)
    take(conversationDocument(group, state, own))
    const messages = new Map<string, SearchableMessage>()
    for (const [index, message] of state.messages.entries()) {
      messages.set(message.id, message)
      const numbersOf = known.get(message)
      if (numbersOf?.every(number => places.has(number)) === true) for (const number of numbersOf) places.delete(number)
      else known.set(message, messageDocuments(group, message).map(take))
      if (batch.isFull) await batch.flush()
      if (index % STRIDE === STRIDE - 1) {
        await breathe()
        signal.throwIfAborted()
      }
    }
    for (const extra of state.extras ?? []) extraDocuments(group, extra).forEach(take)
    for await (const external of entries.externals(group)) externalDocument(group, external, messages.get(external.message)).forEach(take)
    dropAll(places, batch)
    batch.end(id, noteOf(group, frontier, state), await subjectChange(group, state.subject))
  }
  return { takeIn, forget () { known = new WeakMap() } }
}

function dropAll (places: ReadonlyMap<number, Place>, batch: IndexBatch): void {
  for (const place of places.values()) batch.drop(place)
}

export function noteOf (conversation: string, frontier: readonly FrontierEntry[], { unreadable }: { unreadable: number }): Note {
  return { v: 1, conversation, actions: frontier.reduce((sum, { seq }) => sum + seq + 1, 0), frontier: frontierHash(frontier), unreadable }
}

/** Returns a hash of everything that is in a log: a frontier names the newest action of each author, and those before follow. */
export function frontierHash (frontier: readonly FrontierEntry[]): Uint8Array {
  const names = frontier.map(({ cid }) => cid.toString()).sort()
  return sha256(new TextEncoder().encode(names.join()))
}
