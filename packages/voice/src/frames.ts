import { type CID, bytesSchema, cidSchema, countSchema, createCodec } from '@parley/core'
import * as z from 'zod/mini'
import { REFUSALS } from './errors.ts'
import { MAX_CARD_BYTES, MAX_CONTEXT_BYTES, MAX_FRAME_BYTES, MAX_MANIFEST_BYTES, MAX_SEGMENTS, MAX_SEGMENT_BYTES, MAX_WORDS, VOICE_ID_BYTES } from './limits.ts'
import { segmentOfFrame } from './segment-frame.ts'

const v = z.literal(1)
const voice = bytesSchema({ exactBytes: VOICE_ID_BYTES })
const count = countSchema(MAX_SEGMENTS)
const words = z.string().check(z.maxLength(MAX_WORDS))
const state = z.enum(['recording', 'complete', 'cut-off'])
const trouble = z.enum(['full', 'missing', 'failed'])

const segment = z.strictObject({ v, type: z.literal('segment'), block: bytesSchema({ maxBytes: MAX_SEGMENT_BYTES }) })
const refused = z.strictObject({ v, type: z.literal('refused'), reason: z.enum(REFUSALS), detail: words })

/** What a speaker, a listener, or whoever brings a copy sends to a keeper. */
const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({
    v,
    type: z.literal('put'),
    voice,
    conversation: cidSchema,
    action: cidSchema,
    context: bytesSchema({ maxBytes: MAX_CONTEXT_BYTES }),
    card: z.nullable(bytesSchema({ maxBytes: MAX_CARD_BYTES }))
  }),
  segment,
  z.strictObject({ v, type: z.literal('finish'), manifest: bytesSchema({ maxBytes: MAX_MANIFEST_BYTES }), cutOff: z.boolean(), reason: z.nullable(words) }),
  z.strictObject({ v, type: z.literal('get'), voice, from: count, follow: z.boolean() }),
  z.strictObject({
    v,
    type: z.literal('copy'),
    voice,
    conversation: cidSchema,
    action: cidSchema,
    speaker: bytesSchema({ exactBytes: 32 }),
    segments: count,
    manifest: z.nullable(bytesSchema({ maxBytes: MAX_MANIFEST_BYTES })),
    cutOff: z.boolean(),
    reason: z.nullable(words)
  })
])

/** What a keeper answers. */
const replySchema = z.discriminatedUnion('type', [
  z.strictObject({ v, type: z.literal('opened'), next: count, last: z.nullable(cidSchema), state }),
  z.strictObject({ v, type: z.literal('ack'), index: countSchema(MAX_SEGMENTS - 1) }),
  z.strictObject({ v, type: z.literal('paused'), reason: trouble, detail: words }),
  z.strictObject({ v, type: z.literal('resumed') }),
  z.strictObject({ v, type: z.literal('closed'), state, segments: count, reason: z.nullable(words) }),
  z.strictObject({ v, type: z.literal('ended'), state, segments: count, manifest: z.nullable(cidSchema), reason: z.nullable(words) }),
  segment,
  refused
])

type Plain<T> = T extends Uint8Array ? Uint8Array : T extends CID ? CID : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T
export type VoiceRequest = z.infer<typeof requestSchema>
export type VoiceReply = z.infer<typeof replySchema>
/** What `encodeRequest` takes. */
export type RequestFrame = Plain<VoiceRequest>
/** What `encodeReply` takes. */
export type ReplyFrame = Plain<VoiceReply>
export type PutFrame = Extract<VoiceRequest, { type: 'put' }>
export type GetFrame = Extract<VoiceRequest, { type: 'get' }>
export type CopyFrame = Extract<VoiceRequest, { type: 'copy' }>
export type FinishFrame = Extract<VoiceRequest, { type: 'finish' }>

const requestCodec = createCodec('voice request', requestSchema, { maxBytes: MAX_FRAME_BYTES })
const replyCodec = createCodec('voice reply', replySchema, { maxBytes: MAX_FRAME_BYTES })

/** Encodes what a peer sends to a keeper. */
export function encodeRequest (frame: RequestFrame): Uint8Array<ArrayBuffer> {
  return requestCodec.encode(frame as VoiceRequest)
}

/** @throws {OversizedBytesError | InvalidBytesError} */
export function decodeRequest (bytes: Uint8Array): VoiceRequest {
  const block = segmentOfFrame(bytes)
  return block === undefined ? requestCodec.decode(bytes) : { v: 1, type: 'segment', block }
}

/** Encodes what a keeper answers. */
export function encodeReply (frame: ReplyFrame): Uint8Array<ArrayBuffer> {
  return replyCodec.encode(frame as VoiceReply)
}

/** @throws {OversizedBytesError | InvalidBytesError} */
export function decodeReply (bytes: Uint8Array): VoiceReply {
  return replyCodec.decode(bytes)
}
