import type { ConversationState, Marks, Message } from '@parley/conversations'
import type { Parley } from 'parley'
import { moment } from '../output.ts'
import { oneLine } from '../terminal-text.ts'
import { callLines, extraLines } from './extra-text.ts'
import { createShortIds, idsOf } from './items.ts'
import { conflictWords, lockLines, messageLines, type Wording } from './message-text.ts'
import type { Names } from './people.ts'

/** Comments on comments go no further in than this. */
const MOST_DEPTH = 6

/** Which part of a conversation to show. */
export interface ShowOptions {
  /** The newest messages. @default all */
  last?: number | undefined
}

/** A conversation in full, for people. */
export function stateText (parley: Parley, state: ConversationState, names: Names, marks: Marks, { last = Infinity }: ShowOptions = {}): string {
  const shown = last === Infinity ? state.messages : state.messages.slice(-last)
  const byId = new Map(state.messages.map(message => [message.id, message]))
  const wording: Wording = { names, short: createShortIds(idsOf(state)), message: id => byId.get(id) }
  const left = state.messages.length - shown.length
  const body = entriesOf(state, shown, wording)
  return [
    ...headLines(parley, state, names, marks),
    '',
    ...(left > 0 ? [`… ${left} earlier messages`, ''] : []),
    ...body.flatMap(lines => [...lines, '']),
    ...(body.length === 0 && left <= 0 ? ['Nothing was said yet.'] : [])
  ].join('\n').trimEnd() + '\n'
}

function headLines (parley: Parley, state: ConversationState, names: Names, marks: Marks): string[] {
  const { subject, status, participants, former, labels, expiresAt, subjectLock, conflicts, unreadable, forked } = state
  const line = (title: string, text: string): string[] => text === '' ? [] : [`${title.padEnd(10)}${text}`]
  const own = [...marks.labels.map(label => `#${oneLine(label)}`), ...(marks.favourite ? ['favourite'] : []), ...(marks.muted === undefined ? [] : ['muted'])]
  const told = Object.entries(state.seen).flatMap(([did, mark]) => mark === null ? [] : [`${oneLine(names(did))} on ${moment(mark.at)}`])
  return [
    subject === undefined || subject === '' ? '(no subject)' : oneLine(subject),
    state.id.toString(),
    ...line('Status', statusWords(state)),
    ...line('People', participants.map(({ did, permission, history }) => `${oneLine(names(did))} (${[permission, ...(history === 'from-now' ? ['from when they came'] : []), ...(isStranger(parley, did) ? ['not in your contacts'] : [])].join(', ')})`).join(', ')),
    ...former.flatMap(({ did, by, at }) => line('Was in', `${oneLine(names(did))}, ${by === did ? 'left' : `removed by ${oneLine(names(by))}`} on ${moment(at)}`)),
    ...line('Labels', labels.map(label => `#${oneLine(label)}`).join(' ')),
    ...line('Yours', own.join(' ')),
    ...(marks.note === undefined ? [] : marks.note.split('\n').flatMap((text, at) => line(at === 0 ? 'Note' : '', text))),
    ...line('Begun', moment(state.created)),
    ...line('Expires', expiresAt === null || status === 'expired' ? '' : moment(expiresAt)),
    ...line('Seen by', told.join(', ')),
    ...lockLines(subjectLock, names).flatMap(text => line('Subject', text)),
    ...conflicts.subject.flatMap(conflict => line('Subject', conflictWords(conflict, names, value => value))),
    ...conflicts.expiry.flatMap(conflict => line('Expiry', conflictWords(conflict, names, value => value === null ? 'never' : moment(value)))),
    ...line('Locked', unreadable === 0 ? '' : `${unreadable} actions cannot be read on this device`),
    ...line('Forked', forked.join(', '))
  ]
}

function statusWords ({ status, expiresAt }: ConversationState): string {
  switch (status) {
    case 'active': return ''
    case 'expired': return `expired${expiresAt === null ? '' : ` on ${moment(expiresAt)}`}; nothing more can be said`
    case 'left': return 'you left; this is how it was then'
    case 'removed': return 'you were removed; this is how it was then'
    case 'hidden': return 'you read along without being in it'
  }
}

function isStranger (parley: Parley, did: string): boolean {
  return did !== parley.person && !parley.contacts.isContact(did)
}

/** What is to be shown, in the order of its times: messages with the comments on them below, extras and calls. */
function entriesOf ({ messages, extras, calls }: ConversationState, shown: readonly Message[], wording: Wording): string[][] {
  // What is about something that comes later in the order stands by itself: two that name each other would be shown nowhere.
  const comments = new Map<string, Message[]>()
  const roots: Message[] = []
  for (const message of shown) {
    const siblings = message.parent === undefined ? roots : comments.get(message.parent) ?? roots
    siblings.push(message)
    comments.set(message.id, [])
  }
  const thread = (message: Message, depth: number): string[] => [
    ...messageLines(message, wording, { isUnderParent: depth > 0 }).map(line => '    '.repeat(Math.min(depth, MOST_DEPTH)) + line),
    ...(comments.get(message.id) ?? []).flatMap(comment => thread(comment, depth + 1))
  ]
  const from = shown.length === messages.length ? 0 : shown[0]?.time.wallMs ?? 0
  return [
    ...roots.map(message => ({ at: message.time.wallMs, lines: thread(message, 0) })),
    ...extras.map(extra => ({ at: extra.time.wallMs, lines: extraLines(extra, wording) })),
    ...calls.map(call => ({ at: call.startedAt, lines: callLines(call, wording) }))
  ].filter(({ at }) => at >= from).sort((a, b) => a.at - b.at).map(({ lines }) => lines)
}
