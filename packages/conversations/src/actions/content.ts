import { bytesSchema, cidSchema, countSchema, type CID } from '@parley/core'
import * as z from 'zod/mini'

export type Permission = 'read' | 'write'

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

export interface PublishConversation { verb: 'publish', thing: 'conversation', subject: string, /** 16 bytes. */ salt: Uint8Array }
export interface AddParticipant { verb: 'add', thing: 'participant', /** 32-byte key. */ person: Uint8Array, name?: string | undefined, permission: Permission }
export interface DeleteParticipant { verb: 'delete', thing: 'participant', /** 32-byte key. */ person: Uint8Array }
export interface AddMessage { verb: 'add', thing: 'message', /** 16 bytes. */ message: Uint8Array, body?: string | undefined, attachment?: VoiceStart | undefined }
export interface AddAttachment extends VoiceEnd { verb: 'add', thing: 'attachment', message: Uint8Array, voice: Uint8Array }
export interface PlayedMessage { verb: 'played', thing: 'message', message: Uint8Array, positionMs: number, done: boolean }

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

export type Content = PublishConversation | AddParticipant | DeleteParticipant | AddMessage | AddAttachment | PlayedMessage | PutRecord | PutRecords

export const idSchema: z.ZodMiniType<Uint8Array<ArrayBuffer>> = bytesSchema({ exactBytes: 16 })
export const keySchema: z.ZodMiniType<Uint8Array<ArrayBuffer>> = bytesSchema({ exactBytes: 32 })
export const manifestSchema: z.ZodMiniType<CID | null> = z.nullable(cidSchema)
/** Durations and positions: at most 100 days. */
export const durationSchema: z.ZodMiniType<number> = countSchema(100 * 24 * 3_600_000)

/** Checks a text of at most `max` UTF-16 units without lone surrogates, which UTF-8 cannot carry. */
export function textSchema (max: number): z.ZodMiniType<string> {
  return z.custom<string>(value => typeof value === 'string' && value.length <= max && value.isWellFormed(), `expected a text of at most ${max} characters`)
}
