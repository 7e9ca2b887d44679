import type { Change } from '@parley/core'
import { externalCodec, noteCodec, type Note, type StoredExternal } from './records.ts'
import { ROOT, type SealedEntries } from './sealed-entries.ts'
import type { ExternalText } from './types.ts'

/** What the index keeps of each conversation beside its segments. What does not open counts as absent. */
export interface SearchEntries {
  notes(): AsyncGenerator<Note>
  putNote(note: Note): Change
  deleteNote(conversation: string): Change
  deleteNotes(): Promise<Change[]>
  subject(conversation: string): Promise<string | undefined>
  putSubject(conversation: string, subject: string): Change
  externals(conversation: string): AsyncGenerator<StoredExternal>
  putExternal(conversation: string, text: StoredExternal): Change
  deleteExternal(conversation: string, about: Pick<ExternalText, 'message' | 'kind'>): Change
  /** Returns what removes everything of a conversation. */
  deleteAll(conversation: string): Promise<Change[]>
}

const NOTES = `${ROOT}notes/`
const SUBJECTS = `${ROOT}subjects/`
const EXTERNALS = `${ROOT}externals/`

export function createSearchEntries (sealed: SealedEntries): SearchEntries {
  const utf8 = { encode: new TextEncoder(), decode: new TextDecoder() }
  const notePath = (conversation: string): string => NOTES + sealed.name('note', conversation)
  const subjectPath = (conversation: string): string => SUBJECTS + sealed.name('subject', conversation)
  const folderOf = (conversation: string): string => `${EXTERNALS}${sealed.name('externals', conversation)}/`
  const externalPath = (conversation: string, { message, kind }: Pick<ExternalText, 'message' | 'kind'>): string => folderOf(conversation) + sealed.name('external', conversation, kind, message)
  const readable = async function * <T> (prefix: string, decode: (bytes: Uint8Array) => T): AsyncGenerator<T> {
    for await (const { value } of sealed.list(prefix, decode)) {
      if (value !== 'damaged') yield value
    }
  }
  return {
    notes: () => readable(NOTES, bytes => noteCodec.decode(bytes)),
    putNote: note => sealed.put(notePath(note.conversation), noteCodec.encode(note)),
    deleteNote: conversation => ({ type: 'delete', key: notePath(conversation) }),
    deleteNotes: async () => await sealed.removeAll(NOTES),
    async subject (conversation) {
      const found = await sealed.get(subjectPath(conversation), bytes => ({ subject: utf8.decode.decode(bytes) }))
      return found === 'damaged' ? undefined : found?.subject
    },
    putSubject: (conversation, subject) => sealed.put(subjectPath(conversation), utf8.encode.encode(subject)),
    externals: conversation => readable(folderOf(conversation), bytes => externalCodec.decode(bytes)),
    putExternal: (conversation, text) => sealed.put(externalPath(conversation, text), externalCodec.encode(text)),
    deleteExternal: (conversation, about) => ({ type: 'delete', key: externalPath(conversation, about) }),
    deleteAll: async conversation => [
      { type: 'delete', key: notePath(conversation) },
      { type: 'delete', key: subjectPath(conversation) },
      ...await sealed.removeAll(folderOf(conversation))
    ]
  }
}
