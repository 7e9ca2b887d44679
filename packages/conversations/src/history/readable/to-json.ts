import { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import { toString } from 'uint8arrays'
import type { Conflict, ConversationState, Extra, Message } from '../../types.ts'
import type { ConversationJson, JsonConflict, JsonExtra, JsonFile, JsonMessage, JsonPerson, JsonVoice } from './json-types.ts'

/** Where recordings and files of a message lie in an export; absent where they do not. */
export interface MediaPaths {
  voice(message: string): string | undefined
  file(message: string, place: number): string | undefined
}

/** Says a conversation's state in the terms of `conversation.json`. */
export function toJson (state: ConversationState, { exported, names, paths }: { exported: number, names: ReadonlyMap<Did, string>, paths: MediaPaths }): ConversationJson {
  const nameOf = (did: Did): string => names.get(did) ?? did
  return {
    format: 'parley-conversation',
    version: 1,
    id: state.id.toString(),
    subject: state.subject ?? null,
    creator: state.creator,
    created: iso(state.created),
    exported: iso(exported),
    status: state.status,
    expires: state.expiresAt === null ? null : iso(state.expiresAt),
    people: [
      ...state.participants.map(({ did, permission }): JsonPerson => ({ did, name: nameOf(did), permission, out: null })),
      ...state.former.map(({ did, by, at }): JsonPerson => ({ did, name: nameOf(did), permission: null, out: { by, at: iso(at) } }))
    ],
    labels: [...state.labels],
    messages: state.messages.map(message => messageOf(message, paths)),
    extras: state.extras.map(extraOf),
    calls: state.calls.map(({ id, author, startedAt, durationMs, kinds, outcome, participants, missed }) => ({ id, author, startedAt: iso(startedAt), durationMs, kinds: [...kinds], outcome, participants: [...participants], missed: [...missed] })),
    seen: Object.entries(state.seen).flatMap(([person, seen]) => seen === null ? [] : [{ person, action: seen.action.toString(), at: iso(seen.at) }]),
    conflicts: { subject: state.conflicts.subject.map(conflictOf), expiry: state.conflicts.expiry.map(conflictOf) },
    heads: state.heads.map(String),
    forked: [...state.forked],
    unreadable: state.unreadable
  }
}

function messageOf (message: Message, paths: MediaPaths): JsonMessage {
  const { id, author, device, time, format, body, parent, part, editedAt, editors, deleted, reactions, played, conflicts } = message
  return {
    id,
    author,
    device,
    at: iso(time.wallMs),
    offsetMinutes: time.offsetMinutes,
    format,
    body: body ?? null,
    parent: parent ?? null,
    part: part ?? null,
    edited: editedAt === undefined ? null : { by: [...editors], at: iso(editedAt) },
    deleted: deleted === undefined ? null : { by: deleted.by, at: iso(deleted.at) },
    voice: voiceOf(message, paths),
    files: message.attachments.map(({ name, mediaType, sizeBytes, sha256 }, place): JsonFile => ({
      name, mediaType, sizeBytes, sha256: sha256 === undefined ? null : toString(sha256, 'hex'), file: paths.file(id, place) ?? null
    })),
    reactions: Object.entries(reactions).map(([reaction, by]) => ({ reaction, by: [...by] })),
    played: Object.entries(played).map(([by, { at, positionMs, done }]) => ({ by, at: iso(at), positionMs, done })),
    conflicts: conflicts.map(conflictOf)
  }
}

function voiceOf ({ id, voice }: Message, paths: MediaPaths): JsonVoice | null {
  if (voice === undefined) return null
  return { durationMs: voice.durationMs ?? 0, cutOff: voice.cutOff ?? false, reason: voice.reason ?? null, file: paths.voice(id) ?? null }
}

function extraOf ({ id, kind, author, time, message, text, data, responses, deleted }: Extra): JsonExtra {
  return {
    id,
    kind,
    author,
    at: iso(time.wallMs),
    message: message ?? null,
    text: text ?? null,
    data: data === undefined ? null : plain(data),
    responses: Object.entries(responses).map(([by, { at, answer }]) => ({ by, at: iso(at), answer })),
    deleted: deleted === undefined ? null : { by: deleted.by, at: iso(deleted.at) }
  }
}

function conflictOf (conflict: Conflict): JsonConflict {
  const { kind, action, by, at } = conflict
  return { kind, action: action.toString(), by, at: iso(at), ...conflict.kind === 'edit' ? { value: plain(conflict.value) } : {} }
}

/** Says a value of DAG-CBOR in JSON, as DAG-JSON does (https://ipld.io/specs/codecs/dag-json/spec/). */
function plain (value: unknown): unknown {
  const link = CID.asCID(value)
  if (link !== null) return { '/': link.toString() }
  if (value instanceof Uint8Array) return { '/': { bytes: toString(value, 'base64') } }
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)])) : value
}

function iso (wallMs: number): string {
  return new Date(wallMs).toISOString()
}
