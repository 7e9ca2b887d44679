import { type CID, bytesSchema, cidSchema, countSchema, createCodec } from '@parley/core'
import { type Did, didFromPublicKey, publicKeyFromDid, type Signer, signBlock, verifySigned } from '@parley/identity'
import * as z from 'zod/mini'
import { MAX_CONTEXT_BYTES, MAX_SEGMENTS, MAX_WORDS, VOICE_ID_BYTES } from './limits.ts'

/** What became of a message that somebody keeps. `recording` is the only state that is left again. */
export type CaptureState = 'recording' | 'complete' | 'cut-off'

/** What a keeper knows about a voice message. Nothing of what was said is in it. */
export interface CaptureRecord {
  voice: Uint8Array
  conversation: CID
  /** The action that announced the message. */
  action: CID
  /** Bytes of the caller's choice; opaque here. */
  context: Uint8Array
  /** The device that speaks. */
  speaker: Did
  /** Whose device that is. */
  person: Did
  /** Segments that are on the disk, from index 0 without a gap. */
  segments: number
  /** The newest of them. */
  last: CID | null
  sizeBytes: number
  /** The segment marked as the last one is among them. */
  whole: boolean
  state: CaptureState
  /** Why it is cut off, in words. */
  reason: string | null
  manifest: CID | null
  startedAt: number
  endedAt: number | null
}

/** A capture record as its keeper signed it for the devices of the person it stands in for. */
export interface CaptureNotice extends CaptureRecord {
  keeper: Did
  onBehalfOf: Did
}

const keySchema = bytesSchema({ exactBytes: 32 })
const recordShape = {
  v: z.literal(1),
  voice: bytesSchema({ exactBytes: VOICE_ID_BYTES }),
  conversation: cidSchema,
  action: cidSchema,
  context: bytesSchema({ maxBytes: MAX_CONTEXT_BYTES }),
  speaker: keySchema,
  person: keySchema,
  segments: countSchema(MAX_SEGMENTS),
  last: z.nullable(cidSchema),
  sizeBytes: countSchema(),
  whole: z.boolean(),
  state: z.enum(['recording', 'complete', 'cut-off']),
  reason: z.nullable(z.string().check(z.maxLength(MAX_WORDS))),
  manifest: z.nullable(cidSchema),
  startedAt: countSchema(),
  endedAt: z.nullable(countSchema())
}

const recordSchema = z.strictObject(recordShape)
const recordCodec = createCodec('capture record', recordSchema, { maxBytes: 4096 })
const noticeCodec = createCodec('capture record', z.strictObject({ ...recordShape, keeper: keySchema, onBehalfOf: keySchema }), { maxBytes: 4096 })

type Wire = z.infer<typeof recordSchema>

/** Encodes a record for the keeper's own store. */
export function encodeCaptureRecord (record: CaptureRecord): Uint8Array<ArrayBuffer> {
  return recordCodec.encode(toWire(record))
}

/** @throws {OversizedBytesError | InvalidBytesError} */
export function decodeCaptureRecord (bytes: Uint8Array): CaptureRecord {
  return fromWire(recordCodec.decode(bytes))
}

/** Signs a record as its keeper, for the devices of the person it stands in for. */
export async function signCaptureRecord (keeper: Signer, record: CaptureRecord, { onBehalfOf }: { onBehalfOf: Did }): Promise<Uint8Array> {
  return await signBlock(keeper, 'capture-record', { ...toWire(record), keeper: keeper.publicKey, onBehalfOf: publicKeyFromDid(onBehalfOf) })
}

/**
 * Reads a record that `keeper` signed.
 *
 * @throws {OversizedBytesError | InvalidBytesError | InvalidSignatureError}
 */
export async function verifyCaptureRecord (keeper: Did, bytes: Uint8Array): Promise<CaptureNotice> {
  // A signature and its frame are less than 128 bytes.
  if (bytes.byteLength > noticeCodec.maxBytes + 128) noticeCodec.decode(bytes)
  const wire = noticeCodec.decode(await verifySigned('capture record', 'capture-record', publicKeyFromDid(keeper), bytes))
  const { keeper: signer, onBehalfOf, ...record } = wire
  return { ...fromWire(record), keeper: didFromPublicKey(signer), onBehalfOf: didFromPublicKey(onBehalfOf) }
}

function toWire (record: CaptureRecord): Wire {
  const { voice, context, speaker, person, ...rest } = record
  return {
    v: 1,
    ...rest,
    voice: new Uint8Array(voice),
    context: new Uint8Array(context),
    speaker: new Uint8Array(publicKeyFromDid(speaker)),
    person: new Uint8Array(publicKeyFromDid(person))
  }
}

function fromWire ({ v: _v, ...wire }: Wire): CaptureRecord {
  return { ...wire, speaker: didFromPublicKey(wire.speaker), person: didFromPublicKey(wire.person) }
}
