import type { AbortOptions, CID, Emitter } from '@parley/core'
import type { Did } from '@parley/identity'

/** What was found: a conversation by its subject, names and labels, or something that was said in one. */
export type DocumentKind = 'conversation' | 'message' | 'file' | 'extra' | 'transcript'

/** Which part of a document a text is. */
export type Field = 'subject' | 'names' | 'labels' | 'text'

/** What the index is made of. It knows nothing of conversations: a group is removed as one. */
export interface IndexDocument {
  /** Names it within its group. */
  id: string
  /** The text of the conversation's id. */
  group: string
  kind: DocumentKind
  /** The id of the message that it is, or belongs to. */
  message?: string | undefined
  author?: Did | undefined
  /** Wall milliseconds. */
  time: number
  fields: ReadonlyArray<{ field: Field, text: string }>
}

export interface FindOptions extends AbortOptions {
  /** Only in these conversations. */
  conversations?: readonly CID[] | undefined
  /** Only what these people wrote; leaves out conversations themselves. */
  authors?: readonly Did[] | undefined
  /** Wall milliseconds, included. */
  since?: number | undefined
  /** Wall milliseconds, not included. */
  until?: number | undefined
  kinds?: readonly DocumentKind[] | undefined
  /** Whether all words have to be there, or one. @default 'all' */
  match?: 'all' | 'any' | undefined
  /** Whether the last word may be the beginning of one. @default true */
  prefix?: boolean | undefined
  /** Whether words that are hardly found are looked for with typing errors: one from four letters on, two from eight. @default true */
  typos?: boolean | undefined
  /** Whether a conversation is named once, with its best hit. @default false */
  once?: boolean | undefined
}

export interface Snippet {
  field: Field
  /** Part of the text around what was found, with `…` where it was cut. */
  text: string
  /** Where the words are in `text`: UTF-16 units, the end not included, in order and apart. */
  ranges: Array<{ from: number, to: number }>
}

export interface SearchHit {
  conversation: CID
  /** The conversation's subject, where we can read it. */
  subject: string | undefined
  kind: DocumentKind
  /** The message's id; undefined where the conversation itself, or something without a message, was found. */
  message: string | undefined
  author: Did | undefined
  /** Wall milliseconds. */
  time: number
  /** Comparable within one search only. */
  score: number
  snippets: Snippet[]
}

/** A text about a message that is not in the log, as a transcript of its voice. */
export interface ExternalText {
  conversation: CID
  /** The message's id, as its conversation's state has it. */
  message: string
  kind: 'transcript'
  text: string
}

export interface SearchEvents extends Record<string, unknown> {
  /** Conversations that were looked at since the index was last up to date, and how many there were to look at. */
  progress: { done: number, total: number }
}

export interface SearchSize {
  documents: number
  segments: number
  /** Bytes of the segments in the store, without the documents' own texts. */
  sizeBytes: number
  /** Bytes of the segments in memory. */
  memoryBytes: number
}

/** Finds things in the conversations that this device can read. */
export interface Search extends Emitter<SearchEvents> {
  /**
   * Yields what matches, best first. What was said a moment ago may be missing
   * until the index has caught up. A query without words finds nothing.
   *
   * @throws {InvalidArgumentError} when the query has more than 1,024 characters
   */
  find(query: string, options?: FindOptions): AsyncGenerator<SearchHit>
  /** Keeps a text about a message, in place of the one of its kind before; durable when it resolves. It is found while the message is there. */
  addDocument(text: ExternalText): Promise<void>
  removeDocument(text: Omit<ExternalText, 'text'>): Promise<void>
  /** Says that private labels of a conversation changed, or, without one, names of people. */
  refresh(conversation?: CID): void
  /** Removes everything of a conversation, texts of others about it as well, as when it is purged. */
  remove(conversation: CID): Promise<void>
  /** Ends the search and removes everything of it from the store, texts of others as well. */
  erase(): Promise<void>
  /** Makes the index anew from the logs, and resolves once that is done. Texts from elsewhere are kept. */
  rebuild(options?: AbortOptions): Promise<void>
  /**
   * Resolves once everything that was stored before is in the index.
   *
   * @throws {StorageUnavailableError | StoppedError}
   */
  caughtUp(options?: AbortOptions): Promise<void>
  size(): SearchSize
  /** Ends what is being done, and refuses more. What was not taken in yet is by the next process. */
  stop(): Promise<void>
}
