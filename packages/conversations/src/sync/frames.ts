import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { decodeBatch, encodeBatch } from './batch-codec.ts'
import {
  MAX_BATCH_BLOCKS, MAX_BATCH_BYTES, MAX_BLOCK_BYTES, MAX_CARDS, MAX_CARDS_BYTES, MAX_CARD_BYTES, MAX_ENTRIES, MAX_FRONTIER, MAX_REASON_CHARS,
  MAX_SYNC_FRAME_BYTES
} from './limits.ts'

const v = z.literal(1)
const key = bytesSchema({ exactBytes: 32 })
const cards = limitedSum(z.array(bytesSchema({ maxBytes: MAX_CARD_BYTES })).check(z.maxLength(MAX_CARDS)), MAX_CARDS_BYTES)
const blocks = limitedSum(z.array(bytesSchema({ maxBytes: MAX_BLOCK_BYTES })).check(z.minLength(1), z.maxLength(MAX_BATCH_BLOCKS)), MAX_BATCH_BYTES)
const frontier = z.array(z.tuple([key, countSchema(), cidSchema])).check(z.maxLength(MAX_FRONTIER))
const name = z.string().check(z.regex(/^[A-Za-z]{1,64}$/))
const words = z.string().check(z.maxLength(MAX_REASON_CHARS))

const helloSchema = z.strictObject({ v, type: z.literal('hello'), conversation: cidSchema, live: z.boolean(), cards, frontier })
const cardsSchema = z.strictObject({ v, type: z.literal('cards'), cards })
const batchSchema = z.strictObject({ v, type: z.literal('batch'), n: countSchema(), blocks })
const ackSchema = z.strictObject({ v, type: z.literal('ack'), through: countSchema(), refused: countSchema() })
const doneSchema = z.strictObject({ v, type: z.literal('done'), batches: countSchema() })
const refuseSchema = z.strictObject({ v, type: z.literal('refuse'), error: name, message: words })
const listSchema = z.strictObject({ v, type: z.literal('list'), cards })
const entriesSchema = z.strictObject({
  v, type: z.literal('entries'), entries: z.array(z.tuple([cidSchema, key])).check(z.maxLength(MAX_ENTRIES)), last: z.boolean()
})

/** Opens a sync in both directions: what is synced, what the sender has, and who is in it as far as the sender knows. */
export type HelloFrame = z.infer<typeof helloSchema>
/** Contact cards that became newer while the stream was open. */
export type CardsFrame = z.infer<typeof cardsSchema>
/** The `n`th batch of this direction, from 0: blocks of the log in causal order. */
export type BatchFrame = z.infer<typeof batchSchema>
/** The receiver has judged the batches before `through`; what it took from them is on its disk. `refused` counts the blocks it did not take. */
export type AckFrame = z.infer<typeof ackSchema>
/** The sender has sent all it had beyond the peer's frontier, in `batches` batches. */
export type DoneFrame = z.infer<typeof doneSchema>
/** The last frame of a stream that ends for cause. */
export type RefuseFrame = z.infer<typeof refuseSchema>
/** Asks which conversations the sender may see. */
export type ListFrame = z.infer<typeof listSchema>
/** One page of the answer: conversations with a digest of the answerer's frontier. */
export type EntriesFrame = z.infer<typeof entriesSchema>
export type SyncFrame = HelloFrame | CardsFrame | BatchFrame | AckFrame | DoneFrame | RefuseFrame | ListFrame | EntriesFrame

/** Every frame of `/parley/sync/1`, by the general codec alone. */
export const generalFrameCodec: Codec<SyncFrame> = createCodec<SyncFrame>('sync frame', z.discriminatedUnion('type', [
  helloSchema, cardsSchema, batchSchema, ackSchema, doneSchema, refuseSchema, listSchema, entriesSchema
]), { maxBytes: MAX_SYNC_FRAME_BYTES })

/** Every frame of `/parley/sync/1`, as canonical DAG-CBOR; batches the short way. */
export const syncFrameCodec: Codec<SyncFrame> = {
  what: generalFrameCodec.what,
  maxBytes: MAX_SYNC_FRAME_BYTES,
  encode: frame => (isBatch(frame) ? encodeBatch(frame) : undefined) ?? generalFrameCodec.encode(frame),
  decode: bytes => decodeBatch(bytes) ?? generalFrameCodec.decode(bytes)
}

/** Tells whether a frame has the very fields of a batch: what else it may be, the general codec refuses. */
function isBatch (frame: SyncFrame): frame is BatchFrame {
  return frame.type === 'batch' && Object.keys(frame).length === 4 && (frame.v as number | undefined) === 1 &&
    Number.isSafeInteger(frame.n) && frame.n >= 0 && Array.isArray(frame.blocks) && frame.blocks.every(block => block instanceof Uint8Array)
}

/** Creates the frame that tells a peer in words why the stream ends. */
export function refuseFrame (error: Error): RefuseFrame {
  const named = /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : 'Error'
  return { v: 1, type: 'refuse', error: named, message: error.message.slice(0, MAX_REASON_CHARS) }
}

function limitedSum<T extends z.ZodMiniType<Uint8Array[]>> (schema: T, maxBytes: number): T {
  const sum = (list: Uint8Array[]): number => list.reduce((total, bytes) => total + bytes.byteLength, 0)
  return schema.check(z.refine(list => sum(list) <= maxBytes, `expected at most ${maxBytes} bytes together`))
}
