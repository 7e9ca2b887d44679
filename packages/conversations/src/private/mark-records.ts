import { CID, InvalidArgumentError } from '@parley/core'
import type { Did } from '@parley/identity'
import type { RecordToPut } from '../home/home.ts'
import { FIELDS, MAX_LABEL_CHARS, MAX_NOTE_CHARS, archived, favourite, heard, label, muted, note, notices, position, read, unread, type Field } from './fields.ts'
import { comparePoints } from './log-point.ts'
import { noMarks, type Marks, type MarksChange } from './marks.ts'

/** The collection of the home log in which marks are. */
export const MARKS_COLLECTION = 'marks'

const MESSAGE_ID = /^[0-9a-f]{32}$/

/**
 * Returns the records that a change comes to: one for each field, so that two
 * devices that change different ones at once lose nothing.
 *
 * @throws {InvalidArgumentError}
 */
export function recordsOf (conversation: CID, device: Did, before: Marks, change: MarksChange): RecordToPut[] {
  const records: RecordToPut[] = []
  const put = <V extends object> (field: Field<V>, value: V | null | undefined, rest = ''): void => {
    if (value === undefined) return
    records.push({
      collection: MARKS_COLLECTION,
      key: `${conversation.toString()}/${field.name}${rest === '' ? '' : `/${rest}`}`,
      value: value === null ? undefined : field.codec.encode({ v: 1, ...value })
    })
  }
  const flag = (value: boolean | undefined, isSet: boolean): object | null | undefined => value === undefined || value === isSet ? undefined : value ? {} : null

  const { add = [], remove = [] } = change.labels ?? {}
  for (const name of new Set(remove)) if (!add.includes(name) && before.labels.includes(name)) put(label, null, checkedLabel(name))
  for (const name of new Set(add)) if (!before.labels.includes(checkedLabel(name))) put(label, {}, name)
  if (typeof change.note === 'string' && change.note.length > MAX_NOTE_CHARS) throw new InvalidArgumentError(`A note has at most ${MAX_NOTE_CHARS} characters`)
  put(note, typeof change.note === 'string' ? { text: change.note } : change.note)
  put(muted, change.muted)
  put(archived, change.archived)
  put(favourite, flag(change.favourite, before.favourite))
  const isFarther = change.readTo !== undefined && (before.readTo === undefined || comparePoints(change.readTo, before.readTo) > 0)
  if (isFarther) put(read, change.readTo, device)
  put(unread, flag(change.unread ?? (change.readTo === undefined ? undefined : false), before.unread))
  put(notices, typeof change.notices === 'boolean' ? { send: change.notices } : change.notices)
  for (const [message, { positionMs, done }] of Object.entries(change.played ?? {})) {
    if (!MESSAGE_ID.test(message)) throw new InvalidArgumentError('A message is named by its id, 32 digits of hex in lower case')
    put(position, { positionMs: Math.max(0, Math.floor(positionMs)) }, message)
    if (done) put(heard, {}, message)
  }
  return records
}

function checkedLabel (name: string): string {
  if (name === '' || name.length > MAX_LABEL_CHARS || !name.isWellFormed()) throw new InvalidArgumentError(`A label has 1 to ${MAX_LABEL_CHARS} characters`)
  return name
}

/** Returns whose record a key names, or undefined for what is no mark of a conversation. */
export function markedConversation (key: string): CID | undefined {
  const [name = ''] = key.split('/', 1)
  try {
    return CID.parse(name)
  } catch {
    return undefined
  }
}

/** Creates what collects the records of one conversation, in whatever order they come. */
export function createMarksFold (onBad: (key: string, error: Error) => void): { add(key: string, value: Uint8Array): void, marks(): Marks } {
  const marks = noMarks()
  return {
    add (key, value) {
      const [, name = '', ...rest] = key.split('/')
      const field = FIELDS.find(other => other.name === name)
      // Of a later version of this software, which keeps more.
      if (field === undefined) return
      try {
        field.take(marks, value, rest.join('/'))
      } catch (error) {
        onBad(key, error as Error)
      }
    },
    marks: () => ({ ...marks, labels: marks.labels.toSorted() })
  }
}
