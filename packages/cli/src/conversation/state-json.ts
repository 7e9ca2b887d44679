import type { Conflict, ConversationState, Extra, Lock, Message, Survey } from '@parley/conversations'
import { CID } from '@parley/core'
import { toString } from 'uint8arrays'
import { idOf } from './items.ts'
import type { Names } from './people.ts'
import { iso } from './time.ts'

/** A conversation in full as `--json` tells it; keys of recordings and files are left out. */
export function jsonState (state: ConversationState, names: Names): Record<string, unknown> {
  const { subjectLock, creator, conflicts, seen } = state
  const named = (did: string): { did: string, name: string } => ({ did, name: names(did) })
  return {
    id: state.id.toString(),
    subject: state.subject ?? null,
    subjectVersion: state.subjectVersion?.toString() ?? null,
    subjectLock: lockOf(subjectLock, names),
    created: iso(state.created),
    creator: named(creator),
    status: state.status,
    expires: state.expiresAt === null ? null : iso(state.expiresAt),
    participants: state.participants.map(({ did, permission, history }) => ({ ...named(did), permission, history })),
    former: state.former.map(({ did, by, at }) => ({ ...named(did), by: named(by), at: iso(at) })),
    labels: [...state.labels],
    messages: state.messages.map(message => messageOf(message, names)),
    extras: state.extras.map(extra => extraOf(extra, names)),
    calls: state.calls.map(call => ({ ...call, startedAt: iso(call.startedAt), author: named(call.author), participants: call.participants.map(named), missed: call.missed.map(named) })),
    seen: Object.entries(seen).map(([did, mark]) => ({ ...named(did), action: mark?.action.toString() ?? null, at: mark === null ? null : iso(mark.at) })),
    conflicts: { subject: conflicts.subject.map(one => conflictOf(one, names)), expiry: conflicts.expiry.map(one => conflictOf(one, names)) },
    heads: state.heads.map(String),
    forked: [...state.forked],
    unreadable: state.unreadable
  }
}

function messageOf (message: Message, names: Names): Record<string, unknown> {
  const { id, author, device, time, state, format, body, parent, part, version, editors, editedAt, deleted, lock, reactions, voice, played, attachments, conflicts } = message
  return {
    message: id,
    author,
    authorName: names(author),
    device,
    at: iso(time.wallMs),
    state,
    format,
    body: body ?? null,
    parent: parent ?? null,
    part: part ?? null,
    version: version.toString(),
    edited: editedAt === undefined ? null : { by: editors.map(did => ({ did, name: names(did) })), at: iso(editedAt) },
    deleted: deedOf(deleted, names),
    lock: lockOf(lock, names),
    reactions: Object.entries(reactions).map(([reaction, by]) => ({ reaction, by: by.map(did => ({ did, name: names(did) })) })),
    durationMs: voice?.durationMs ?? null,
    voice: voice === undefined ? null : { durationMs: voice.durationMs ?? null, cutOff: voice.cutOff ?? false, reason: voice.reason ?? null },
    played: Object.entries(played).map(([did, { positionMs, done, at }]) => ({ did, name: names(did), positionMs, done, at: iso(at) })),
    attachments: attachments.map(file => ({
      attachment: idOf(file), name: file.name, mediaType: file.mediaType, sizeBytes: file.sizeBytes, root: file.root.toString(), sha256: toString(file.sha256, 'hex'),
      thumbnail: file.thumbnail === undefined ? null : { mediaType: file.thumbnail.mediaType, width: file.thumbnail.width, height: file.thumbnail.height }
    })),
    conflicts: conflicts.map(one => conflictOf(one, names))
  }
}

function extraOf (extra: Extra, names: Names): Record<string, unknown> {
  const { id, kind, author, time, message, text, data, version, editedAt, editors, deleted, responses, conflicts } = extra
  return {
    extra: id,
    kind,
    author,
    authorName: names(author),
    at: iso(time.wallMs),
    message: message ?? null,
    text: text ?? null,
    data: data === undefined ? null : plain(data),
    version: version.toString(),
    edited: editedAt === undefined ? null : { by: editors.map(did => ({ did, name: names(did) })), at: iso(editedAt) },
    deleted: deedOf(deleted, names),
    responses: Object.entries(responses).map(([did, { answer, at }]) => ({ did, name: names(did), answer, at: iso(at) })),
    counts: countsOf(extra),
    conflicts: conflicts.map(one => conflictOf(one, names))
  }
}

/** How many chose each option of a survey, or gave each answer to an appointment; null of other kinds. */
export function countsOf ({ kind, data, responses }: Extra): number[] | Record<'yes' | 'no' | 'maybe', number> | null {
  const answers = Object.values(responses).map(({ answer }) => answer)
  if (data === undefined) return null
  if (kind === 'survey') return (data as unknown as Survey).options.map((_option, place) => answers.filter(answer => Array.isArray(answer) && answer.includes(place)).length)
  if (kind === 'appointment') return { yes: answers.filter(answer => answer === 'yes').length, no: answers.filter(answer => answer === 'no').length, maybe: answers.filter(answer => answer === 'maybe').length }
  return null
}

function conflictOf (conflict: Conflict, names: Names): Record<string, unknown> {
  const { kind, action, by, at } = conflict
  return { kind, action: action.toString(), by, byName: names(by), at: iso(at), ...(conflict.kind === 'edit' ? { value: plain(conflict.value) } : {}) }
}

function lockOf (lock: Lock | undefined, names: Names): Record<string, unknown> | null {
  return lock === undefined ? null : { by: lock.by, byName: names(lock.by), device: lock.device, at: iso(lock.at), until: iso(lock.until), action: lock.action.toString() }
}

function deedOf (deed: { by: string, at: number } | undefined, names: Names): Record<string, unknown> | null {
  return deed === undefined ? null : { by: deed.by, byName: names(deed.by), at: iso(deed.at) }
}

/** What DAG-CBOR can say, as DAG-JSON says it. */
function plain (value: unknown): unknown {
  const link = CID.asCID(value)
  if (link !== null) return { '/': link.toString() }
  if (value instanceof Uint8Array) return { '/': { bytes: toString(value, 'base64') } }
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
  return value ?? null
}
