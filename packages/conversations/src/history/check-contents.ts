import type { AbortOptions, CID, Store } from '@parley/core'
import type { Permission } from '../actions/content.ts'
import { lacks } from '../actions/permission.ts'
import type { LogIndex } from '../log/log-index.ts'
import type { LogReader } from '../read/log-reader.ts'
import type { LogEntry } from '../read/log-entry.ts'
import { faultOf, noteOf } from './finding.ts'
import type { HistoryFinding, NoteKind } from './types.ts'

/** Makes a reader of a log with the keys that are at hand. */
export type MakeReader = (store: Store, conversation: CID, index: LogIndex) => LogReader

export interface CheckedContents {
  read: number
  unreadable: number
  faults: HistoryFinding[]
  notes: Array<HistoryFinding<NoteKind>>
}

/**
 * Opens what can be opened of a log that was judged, and says what is wrong
 * with its contents. The reader is that of conversations themselves, over a
 * log that only the judging made.
 *
 * @param beginnings how many actions began each epoch, each with a key of its own
 */
export async function checkContents (makeReader: MakeReader, conversation: CID, index: LogIndex, get: (cid: CID) => Promise<Uint8Array>, beginnings: ReadonlyMap<number, number>, { signal }: AbortOptions): Promise<CheckedContents> {
  // A reader asks its store for blocks and for nothing else.
  const store = { getBlock: get } as unknown as Store
  const reader = makeReader(store, conversation, index)
  await reader.catchUp(index, { signal })
  reader.draft()
  const checked: CheckedContents = { read: 0, unreadable: 0, faults: [], notes: [] }
  for (const entry of reader.entries) {
    signal?.throwIfAborted()
    if (entry.content === undefined) checked.unreadable++
    else checked.read++
    const fault = faultIn(entry, reader, beginnings)
    if (fault !== undefined) checked.faults.push(fault)
    else if (entry.ignored !== undefined) checked.notes.push(noteOf('no-effect', entry.cid, `This action has no effect: ${entry.ignored}`, entry.action))
  }
  return checked
}

const PERMISSIONS: Permission[] = ['read', 'comment', 'write', 'full']
/** What is said of authors who knew better: a permission is judged by what its holder had seen, so that no race explains it. */
const BEYOND_PERMISSION = new Set(PERMISSIONS.flatMap(held => PERMISSIONS.map(needed => lacks(held, needed)).filter(reason => reason !== undefined)))

function faultIn ({ cid, action, content, unreadable, flaw, ignored, epoch }: LogEntry, reader: LogReader, beginnings: ReadonlyMap<number, number>): HistoryFinding | undefined {
  if (flaw !== undefined) return faultOf('clear-sealed-mismatch', cid, `This action contradicts itself: ${flaw}`, action)
  if (ignored !== undefined && BEYOND_PERMISSION.has(ignored)) return faultOf('not-permitted', cid, `This action has no effect: ${ignored}, as they had seen`, action)
  if (content !== undefined) return undefined
  if (unreadable === 'unknown-kind') return undefined
  if (unreadable !== 'no-key') return faultOf('malformed-content', cid, 'What this action seals is no content that there is', action)
  const keys = reader.keyring.keys(epoch).length
  // Two devices may begin an epoch with a key each: where one of them is not here, it may be that one's.
  return keys > 0 && keys >= (beginnings.get(epoch) ?? 0) ? faultOf('broken-seal', cid, `This action opens with none of the keys of its epoch, ${epoch}`, action) : undefined
}
