import { bytesSchema, cidSchema, countSchema, type CID } from '@parley/core'
import * as z from 'zod/mini'
import type { FileFields } from '../files/file-schema.ts'
import { WALL_LIMIT } from '../format/limits.ts'

/** What a participant may do, from least to most. */
export type Permission = 'read' | 'comment' | 'write' | 'full'

/** Which part of the conversation somebody who is added may read. */
export type History = 'all' | 'from-now'

/** What is known of a voice message when its first frame is spoken. */
export interface VoiceStart {
  /** 16 bytes. */
  voice: Uint8Array
  /** The 32-byte key that its segments are sealed with. */
  key: Uint8Array
  codec: 'opus'
  sampleRateHz: 48_000
  channels: number
}

/** What is known of a voice message when it ended. */
export interface VoiceEnd {
  /** Null when nothing was kept. */
  manifest: CID | null
  durationMs: number
  segments: number
  /** Whether it ended other than by its speaker's will. */
  cutOff: boolean
  reason?: string | undefined
}

/** How a message's body is to be shown. */
export type TextFormat = 'plain' | 'markdown'

/** A part of a text, in UTF-16 units: from `from`, before `to`. */
export interface TextPart { from: number, to: number }

/** A file that belongs to a message: what is needed to fetch, open and check it. */
export interface AttachedFile extends FileFields {
  /** 16 bytes. */
  attachment: Uint8Array
}

/** What an extra holds; values are what DAG-CBOR can say. */
export type ExtraData = Record<string, unknown>

/** To an appointment `yes`, `no` or `maybe`; to a survey the numbers of options; to others a text. */
export type Answer = string | number[]

/** How a call ended. */
export type CallOutcome = 'answered' | 'missed' | 'declined' | 'busy' | 'failed'

/** 16 bytes named here are random, by the author of the item; a `follows` is the action that made the version that was edited. */
export interface PublishConversation { verb: 'publish', thing: 'conversation', subject: string, /** 16 bytes. */ salt: Uint8Array }
export interface AddParticipant {
  verb: 'add'
  thing: 'participant'
  /** 32-byte key. */
  person: Uint8Array
  name?: string | undefined
  permission: Permission
  history: History
  /** The subject now, for somebody who cannot read what was before: with `from-now` alone. */
  subject?: string | undefined
  /** When the conversation expires, if it does, likewise. */
  expiresAt?: number | undefined
}
export interface ModifyParticipant { verb: 'modify', thing: 'participant', /** 32-byte key. */ person: Uint8Array, permission?: Permission | undefined, name?: string | undefined }
export interface DeleteParticipant { verb: 'delete', thing: 'participant', /** 32-byte key. */ person: Uint8Array }
export interface ModifySubject { verb: 'modify', thing: 'subject', subject: string, follows: CID, /** Gives one's lock up with it. */ release?: true | undefined }
export interface LockSubject { verb: 'lock', thing: 'subject', follows: CID }
export interface ReleaseSubject { verb: 'release', thing: 'subject', /** The action that took the lock. */ lock: CID }
export interface ModifyExpiry { verb: 'modify', thing: 'expiry', /** Wall milliseconds. */ expiresAt: number | null, /** Null where none was set before. */ follows: CID | null }
export interface AddMessage {
  verb: 'add'
  thing: 'message'
  /** 16 bytes. */
  message: Uint8Array
  body?: string | undefined
  /** @default 'plain' */
  format?: TextFormat | undefined
  attachment?: VoiceStart | undefined
  /** The message that it is about: 16 bytes. */
  parent?: Uint8Array | undefined
  /** The part of the parent's body that it is about. */
  part?: TextPart | undefined
}
export interface ModifyMessage { verb: 'modify', thing: 'message', message: Uint8Array, body: string, format?: TextFormat | undefined, follows: CID, release?: true | undefined }
export interface DeleteMessage { verb: 'delete', thing: 'message', message: Uint8Array, follows: CID }
export interface RecoverMessage { verb: 'recover', thing: 'message', message: Uint8Array, follows: CID }
export interface LockMessage { verb: 'lock', thing: 'message', message: Uint8Array, follows: CID }
export interface ReleaseMessage { verb: 'release', thing: 'message', message: Uint8Array, /** The action that took the lock. */ lock: CID }
/** Ends a message's voice. */
export interface AddVoiceEnd extends VoiceEnd { verb: 'add', thing: 'attachment', message: Uint8Array, voice: Uint8Array }
export interface AddFile { verb: 'add', thing: 'attachment', message: Uint8Array, file: AttachedFile }
export type AddAttachment = AddVoiceEnd | AddFile
export interface DeleteAttachment { verb: 'delete', thing: 'attachment', message: Uint8Array, /** 16 bytes. */ attachment: Uint8Array }
export interface AddLabel { verb: 'add', thing: 'label', label: string }
export interface DeleteLabel { verb: 'delete', thing: 'label', label: string }
export interface AddReaction { verb: 'add', thing: 'reaction', message: Uint8Array, reaction: string }
export interface DeleteReaction { verb: 'delete', thing: 'reaction', message: Uint8Array, reaction: string }
export interface AddExtra {
  verb: 'add'
  thing: 'extra'
  /** 16 bytes. */
  extra: Uint8Array
  /** A word, for example `location`. */
  kind: string
  /** The message that it belongs to: 16 bytes. */
  message?: Uint8Array | undefined
  /** What is shown where the kind is not known. */
  text: string
  data: ExtraData
}
export interface ModifyExtra { verb: 'modify', thing: 'extra', extra: Uint8Array, text: string, data: ExtraData, follows: CID }
export interface DeleteExtra { verb: 'delete', thing: 'extra', extra: Uint8Array, follows: CID }
export interface AddResponse { verb: 'add', thing: 'response', extra: Uint8Array, answer: Answer }
export interface SeenAction { verb: 'seen', thing: 'action', /** All up to there, in the common order. */ action: CID }
export interface PlayedMessage { verb: 'played', thing: 'message', message: Uint8Array, positionMs: number, done: boolean }
export interface AddCall {
  verb: 'add'
  thing: 'call'
  /** 16 bytes. */
  call: Uint8Array
  kinds: Array<'audio' | 'video' | 'screen'>
  /** Wall milliseconds. */
  startedAt: number
  durationMs: number
  outcome: CallOutcome
  /** 32-byte keys, ascending. */
  participants: Uint8Array[]
  /** Those who were called and did not come: 32-byte keys, ascending. */
  missed: Uint8Array[]
}

/** One entry of a home log. */
export interface HomeRecord {
  /** A word: up to 32 lower case letters, digits and hyphens, a letter first. */
  collection: string
  /** 1 to 256 characters. */
  key: string
  /** At most 48 KiB; null deletes the entry. */
  value: Uint8Array | null
}
export interface PutRecord extends HomeRecord { verb: 'put', thing: 'record' }
export interface PutRecords { verb: 'put', thing: 'records', records: HomeRecord[] }

/** Begins a new epoch of keys, and says nothing else. */
export interface RenewKeys { verb: 'renew', thing: 'keys' }
/** In a guest log alone. */
export interface ShareConversation {
  verb: 'share'
  thing: 'conversation'
  conversation: CID
  /** The first epoch whose keys are handed on. */
  since: number
  /** By epoch and bytes, ascending. */
  keys: Array<{ epoch: number, /** 32 bytes. */ key: Uint8Array }>
}

export type Content =
  | PublishConversation
  | AddParticipant | ModifyParticipant | DeleteParticipant
  | ModifySubject | LockSubject | ReleaseSubject
  | ModifyExpiry
  | AddMessage | ModifyMessage | DeleteMessage | RecoverMessage | LockMessage | ReleaseMessage
  | AddVoiceEnd | AddFile | DeleteAttachment
  | AddLabel | DeleteLabel
  | AddReaction | DeleteReaction
  | AddExtra | ModifyExtra | DeleteExtra | AddResponse
  | SeenAction | PlayedMessage
  | AddCall
  | RenewKeys | ShareConversation
  | PutRecord | PutRecords

export const idSchema: z.ZodMiniType<Uint8Array<ArrayBuffer>> = bytesSchema({ exactBytes: 16 })
export const keySchema: z.ZodMiniType<Uint8Array<ArrayBuffer>> = bytesSchema({ exactBytes: 32 })
export const linkSchema: z.ZodMiniType<CID> = cidSchema
export const manifestSchema: z.ZodMiniType<CID | null> = z.nullable(cidSchema)
/** Durations and positions: at most 100 days. */
export const durationSchema: z.ZodMiniType<number> = countSchema(100 * 24 * 3_600_000)
export const wallSchema: z.ZodMiniType<number> = countSchema(WALL_LIMIT - 1)
export const permissionSchema: z.ZodMiniType<Permission> = z.enum(['read', 'comment', 'write', 'full'])
export const formatSchema: z.ZodMiniType<TextFormat> = z.enum(['plain', 'markdown'])

/** Checks a text of `min` to `max` UTF-16 units without lone surrogates, which UTF-8 cannot carry. */
export function textSchema (max: number, min = 0): z.ZodMiniType<string> {
  return z.string().check(
    z.refine(value => value.length <= max, { error: `expected a text of at most ${max} characters`, params: { maxChars: max }, abort: true }),
    z.refine(value => value.length >= min && value.isWellFormed(), `expected a text of at least ${min} characters without half ones`)
  )
}
