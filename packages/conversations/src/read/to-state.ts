import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import type { Draft } from '../actions/draft.ts'
import { liveLock } from '../actions/editing.ts'
import { keyName } from '../format/key-name.ts'
import type { OpenLog } from '../log/open-log.ts'
import { cidOfHash } from '../log/stored-action.ts'
import type { ConversationState, Extra, Message } from '../types.ts'
import type { LogReader } from './log-reader.ts'
import { formerOf, participantsOf } from './members.ts'

/** When a state is asked for, and by whose node; nobody's where it keeps conversations for others. */
export interface Onlooker {
  /** Wall milliseconds. */
  now: number
  person: Did | undefined
  /** Who let the person read it without being in it; undefined where nobody ever did. */
  hosts?: readonly Did[] | undefined
}

/** Returns what the actions that the reader has read amount to. */
export function toState ({ id, index }: OpenLog, reader: LogReader, onlooker: Onlooker): ConversationState {
  const draft = reader.draft()
  const { rows, heads, authors, basics, access } = index
  const newest = access.newest()
  const members = access.people(newest)
  const viewer = { at: onlooker.now, isIn: (person: Did) => members.has(keyName(publicKeyFromDid(person))) }
  const nameOf = (did: Did): { name?: string } => {
    const name = draft.names.get(did)
    return name === undefined ? {} : { name }
  }
  const participants = participantsOf(members, nameOf)
  const former = formerOf(index, newest, nameOf)
  const subject = draft.subject.get()
  const expiry = draft.expiry.get()
  const expiresAt = expiry?.current.value ?? null
  const subjectLock = subject === undefined ? undefined : liveLock(subject, viewer)
  return {
    id,
    subject: subject?.current.value,
    subjectVersion: subject?.version,
    ...(subjectLock === undefined ? {} : { subjectLock }),
    creator: reader.creator,
    created: basics.time,
    status: statusOf(onlooker, viewer, former, expiresAt),
    expiresAt,
    expiryVersion: expiry?.version ?? null,
    participants,
    former,
    messages: messagesOf(draft, viewer),
    labels: [...draft.labels].filter(([, isThere]) => isThere).map(([label]) => label),
    extras: [...draft.extras.values()].map(shownExtra),
    calls: [...draft.calls.values()],
    seen: Object.fromEntries(participants.map(({ did }) => [did, draft.seen.get(did) ?? null])),
    conflicts: { subject: subject?.conflicts ?? [], expiry: expiry?.conflicts ?? [] },
    heads: [...heads].sort(rows.compare).map(row => cidOfHash(rows.hash(row))),
    forked: authors.filter(({ tips }) => tips.length > 1).map(({ key }) => didFromPublicKey(key)).sort(),
    unreadable: reader.unreadable
  }
}

function statusOf ({ person, now, hosts }: Onlooker, { isIn }: { isIn(person: Did): boolean }, former: Array<{ did: Did, by: Did }>, expiresAt: number | null): ConversationState['status'] {
  if (hosts !== undefined && person !== undefined && !isIn(person)) return hosts.some(isIn) ? 'hidden' : 'removed'
  const gone = former.find(({ did }) => did === person)
  if (gone !== undefined) return gone.by === person ? 'left' : 'removed'
  return expiresAt !== null && now > expiresAt ? 'expired' : 'active'
}

/** Shows what most messages are as they are kept, without a copy. */
function messagesOf ({ messages, messageItems }: Draft, viewer: Parameters<typeof liveLock>[1]): Message[] {
  if (messageItems.size === 0) return [...messages.values()]
  return Array.from(messages.values(), message => message.deleted === undefined && message.lock === undefined ? message : shownMessage(message, viewer))
}

function shownMessage (message: Message, viewer: Parameters<typeof liveLock>[1]): Message {
  const { lock: _lock, ...shown } = message
  const lock = liveLock(message, viewer)
  if (shown.deleted === undefined) return lock === undefined ? shown : message
  const { body: _body, voice: _voice, ...rest } = shown
  return { ...rest, attachments: [] }
}

function shownExtra (extra: Extra): Extra {
  if (extra.deleted === undefined) return extra
  const { text: _text, data: _data, ...shown } = extra
  return shown
}
