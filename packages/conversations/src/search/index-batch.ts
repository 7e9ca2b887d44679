import type { CID, Change } from '@parley/core'
import type { NumberedDocument } from './build-segment.ts'
import type { Note } from './records.ts'
import type { SearchEntries } from './search-entries.ts'
import type { Place, SegmentSet } from './segment-set.ts'

/** Documents of one commit: what is split into words in one go, and how much text is held in memory. */
const MAX_DOCUMENTS = 1_024
const MAX_CHARS = 1_048_576

/** What the next commit changes. */
export interface IndexBatch {
  readonly isFull: boolean
  /** Conversations that are not, or not in full, in the index yet. */
  readonly conversations: readonly CID[]
  /** Tells whether more of a conversation is here than in the index. */
  has(conversation: CID): boolean
  begin(conversation: CID): void
  add(document: Omit<NumberedDocument, 'text'>): void
  drop(place: Place): void
  /** Says that a conversation is complete: up to its note, where there is one. */
  end(conversation: CID, note?: Note, changes?: readonly Change[]): void
  flush(): Promise<void>
  /** Forgets what was not flushed. */
  reset(): void
}

interface Pending {
  add: Array<Omit<NumberedDocument, 'text'>>
  drop: Place[]
  notes: Note[]
  changes: Change[]
  chars: number
  ended: string[]
}

const NOTHING = (): Pending => ({ add: [], drop: [], notes: [], changes: [], chars: 0, ended: [] })

/** Creates a batch; no note is written of a conversation that `isDirty`, since it is looked at again anyhow. */
export function createIndexBatch ({ set, entries, isDirty }: { set: SegmentSet, entries: SearchEntries, isDirty(conversation: string): boolean }): IndexBatch {
  const conversations = new Map<string, CID>()
  let pending = NOTHING()
  return {
    get isFull () { return pending.add.length >= MAX_DOCUMENTS || pending.drop.length >= MAX_DOCUMENTS || pending.chars >= MAX_CHARS },
    get conversations () { return [...conversations.values()] },
    has: conversation => conversations.has(conversation.toString()),
    begin (conversation) { conversations.set(conversation.toString(), conversation) },
    add (document) {
      pending.add.push(document)
      pending.chars += document.document.fields.reduce((sum, { text }) => sum + text.length, 0)
    },
    drop (place) { pending.drop.push(place) },
    end (conversation, note, changes = []) {
      pending.ended.push(conversation.toString())
      pending.changes.push(...changes)
      if (note !== undefined) pending.notes.push(note)
    },
    async flush () {
      const { add, drop, notes, changes, ended } = pending
      // Up to the commit nothing may come in between, or a conversation is marked after its note was made.
      const noted = notes.map(note => isDirty(note.conversation) ? entries.deleteNote(note.conversation) : entries.putNote(note))
      await set.apply({ add, drop, changes: [...changes, ...noted] })
      pending = NOTHING()
      for (const name of ended) conversations.delete(name)
    },
    reset () {
      pending = NOTHING()
      conversations.clear()
    }
  }
}
