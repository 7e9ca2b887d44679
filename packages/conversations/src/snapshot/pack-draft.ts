import type { Did } from '@parley/identity'
import { createDraft, type Draft } from '../actions/draft.ts'
import type { DraftCell, DraftMap } from '../actions/draft-map.ts'
import type { LogRows } from '../log/log-rows.ts'
import { createNames, packMessage, unpackMessage, type PackedMessage } from './pack-message.ts'
import { pack, unpack, type Packed } from './pack-value.ts'

/** A draft as JSON can say it. The rows that messages name are those of the log it is of. */
export interface PackedDraft {
  names: Did[]
  messages: PackedMessage[]
  /** The other maps, as lists of entries, and single values, by their names in the draft. */
  maps: { [name: string]: Packed }
  cells: { [name: string]: Packed }
}

/** Returns everything of a draft but its messages, which are many and packed by themselves. */
function partsOf (draft: Draft): { maps: Array<[string, DraftMap<string, unknown>]>, cells: Array<[string, DraftCell<unknown>]> } {
  const { journal: _journal, told: _told, messages: _messages, ...parts } = draft
  const maps: Array<[string, DraftMap<string, unknown>]> = []
  const cells: Array<[string, DraftCell<unknown>]> = []
  for (const [name, part] of Object.entries(parts)) {
    if (part instanceof Map) maps.push([name, part])
    else cells.push([name, part as DraftCell<unknown>])
  }
  return { maps, cells }
}

export function packDraft (draft: Draft, rows: LogRows): PackedDraft {
  const names = createNames()
  const { maps, cells } = partsOf(draft)
  return {
    names: names.list,
    messages: Array.from(draft.messages.values(), message => packMessage(message, rows, names)),
    maps: Object.fromEntries(maps.map(([name, map]) => [name, pack([...map])])),
    cells: Object.fromEntries(cells.filter(([, cell]) => cell.get() !== undefined).map(([name, cell]) => [name, pack(cell.get())]))
  }
}

/** Returns the draft as it was, with nothing to take back. */
export function unpackDraft (packed: PackedDraft, rows: LogRows): Draft {
  const draft = createDraft()
  for (const entry of packed.messages) {
    const message = unpackMessage(entry, rows, packed.names)
    draft.messages.set(message.id, message)
  }
  const { maps, cells } = partsOf(draft)
  for (const [name, map] of maps) {
    for (const [key, value] of unpack(packed.maps[name] ?? []) as Array<[string, unknown]>) map.set(key, value)
  }
  for (const [name, cell] of cells) {
    const value = packed.cells[name]
    if (value !== undefined) cell.set(unpack(value))
  }
  draft.journal.forget(draft.journal.length)
  return draft
}
