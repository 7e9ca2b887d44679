import type { Conflict, Lock, Message, MessageText } from '@parley/conversations'
import { clockTime, moment } from '../output.ts'
import { oneLine, shortened } from '../terminal-text.ts'
import { idOf } from './items.ts'
import type { Names } from './people.ts'

/** What lines of a conversation are written with. */
export interface Wording {
  names: Names
  short(id: string): string
  /** The message of an id, to quote it; undefined where it is not here. */
  message(id: string): Message | undefined
}

const QUOTE_CHARS = 60

/** A message: who said it when, what, and what became of it. Each line of a body begins with a bar, so none passes for a line of ours. */
export function messageLines (message: Message, { names, short, message: find }: Wording, { isUnderParent }: { isUnderParent: boolean }): string[] {
  const { id, author, time, parent } = message
  return [
    [short(id), moment(time.wallMs), oneLine(names(author)), parent === undefined ? '' : aboutWords(message, find(parent), short(parent), isUnderParent)].filter(Boolean).join('  '),
    ...contentLines(message, names).map(line => `  ${line}`),
    ...message.attachments.map(file => `  file ${short(idOf(file))}  ${oneLine(file.name)}  ${oneLine(file.mediaType)}  ${sizeWords(file.sizeBytes)}`),
    ...Object.entries(message.reactions).map(([reaction, by]) => `  ${oneLine(reaction)}  ${by.map(did => oneLine(names(did))).join(', ')}`),
    ...(message.editedAt === undefined ? [] : [`  edited by ${message.editors.map(did => oneLine(names(did))).join(', ')}, last ${moment(message.editedAt)}`]),
    ...lockLines(message.lock, names).map(line => `  ${line}`),
    ...message.conflicts.map(conflict => `  ${conflictWords(conflict, names, ({ body }: MessageText) => body ?? '')}`)
  ]
}

/** What a comment is about: the part it quotes, or where its parent is not the line above, which message. */
function aboutWords ({ part }: Message, parent: Message | undefined, parentId: string, isUnderParent: boolean): string {
  const quoted = part === undefined ? undefined : parent?.body?.slice(part.from, part.to).toWellFormed()
  const where = isUnderParent ? '' : ` ${parentId}`
  if (quoted !== undefined && quoted !== '') return `on${where} “${shortened(quoted, QUOTE_CHARS)}”`
  return isUnderParent ? '' : `on${where}${parent?.body === undefined ? '' : ` “${shortened(parent.body, QUOTE_CHARS)}”`}`
}

function contentLines ({ body, voice, deleted, state, played }: Message, names: Names): string[] {
  if (deleted !== undefined) return [`deleted by ${oneLine(names(deleted.by))} on ${moment(deleted.at)}`]
  const heard = Object.keys(played).map(did => oneLine(names(did))).join(', ')
  const spoken = { recording: 'being spoken now', complete: clockTime(voice?.durationMs ?? 0), 'cut-off': `${clockTime(voice?.durationMs ?? 0)}, cut off` }[state]
  return [
    ...(body === undefined || body === '' ? [] : body.split(/\r\n|\n/).map(line => `| ${line}`)),
    ...(voice === undefined ? [] : [`voice  ${spoken}${heard === '' ? '' : `, played by ${heard}`}`])
  ]
}

export function lockLines (lock: Lock | undefined, names: Names): string[] {
  return lock === undefined ? [] : [`locked by ${oneLine(names(lock.by))} until ${moment(lock.until)}`]
}

/** What was done at once with something else, and lost. */
export function conflictWords<V> (conflict: Conflict<V>, names: Names, textOf: (value: V) => string): string {
  const who = `${oneLine(names(conflict.by))}, ${moment(conflict.at)}`
  switch (conflict.kind) {
    case 'edit': return `conflict: ${who}, meant at the same time: “${shortened(textOf(conflict.value), 200)}”`
    case 'delete': return `conflict: ${who}, deleted it at the same time`
    case 'lock': return `conflict: ${who}, locked it at the same time`
  }
}

/** A size as people read it. */
export function sizeWords (sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} bytes`
  if (sizeBytes < 1e6) return `${(sizeBytes / 1000).toFixed(1)} kB`
  return sizeBytes < 1e9 ? `${(sizeBytes / 1e6).toFixed(1)} MB` : `${(sizeBytes / 1e9).toFixed(2)} GB`
}
