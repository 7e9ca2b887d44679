import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { fitsRoot } from './file-schema.ts'
import { LEAF_BYTES, MAX_CARD_BYTES, MAX_FILE_BYTES, MAX_FILE_FRAME_BYTES } from './limits.ts'

const v = z.literal(1)

const offerSchema = z.strictObject({
  v, type: z.literal('offer'), conversation: cidSchema, action: cidSchema, root: cidSchema, sizeBytes: countSchema(MAX_FILE_BYTES), card: z.nullable(bytesSchema({ maxBytes: MAX_CARD_BYTES }))
}).check(z.refine(fitsRoot, 'root: expected one of a file of this size'))
const openedSchema = z.strictObject({ v, type: z.literal('opened'), have: countSchema() })
const blockSchema = z.strictObject({ v, type: z.literal('block'), bytes: bytesSchema({ maxBytes: LEAF_BYTES }) })
const ackSchema = z.strictObject({ v, type: z.literal('ack'), have: countSchema() })
const refuseSchema = z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.regex(/^[A-Za-z]{1,64}$/)), message: z.string().check(z.maxLength(300)) })

/** The bringer: a sealed file that an action of a conversation links to, by the size of its plaintext. */
export type OfferFrame = z.infer<typeof offerSchema>
/** The holder: this many blocks, in the order of the file, are on its disk. */
export type OpenedFrame = z.infer<typeof openedSchema>
/** The bringer: the next block. */
export type BlockFrame = z.infer<typeof blockSchema>
/** The holder: so many are on the disk now; all of them end the stream. */
export type AckFrame = z.infer<typeof ackSchema>
export type FileFrame = OfferFrame | OpenedFrame | BlockFrame | AckFrame | z.infer<typeof refuseSchema>

/** Every frame of `/parley/file/1`, as canonical DAG-CBOR. */
export const fileFrameCodec: Codec<FileFrame> = createCodec<FileFrame>('file frame', z.discriminatedUnion('type', [
  offerSchema, openedSchema, blockSchema, ackSchema, refuseSchema
]), { maxBytes: MAX_FILE_FRAME_BYTES })
