import { bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import { MAX_CONTACT_CARD_BYTES, MAX_PRE_KEY_BATCH_BYTES, PRE_KEY_ID_BYTES, preKeySchema } from '@parley/identity'
import { compare } from 'uint8arrays'
import * as z from 'zod/mini'

/** Between a device and a proxy of its person, and between anybody's device and a proxy of whom they write to. */
export const PRE_KEY_PROTOCOL = '/parley/pre-keys/1'

/** No frame of this protocol is larger. */
export const MAX_PRE_KEY_FRAME_BYTES = 131_072
/** One-time keys of one device that are asked for at once. */
export const MAX_TAKEN_AT_ONCE = 5
/** A device list has no more. */
const MAX_DEVICES = 128

const v = z.literal(1)
const keySchema = bytesSchema({ exactBytes: 32 })
const idSchema = z.nullable(bytesSchema({ exactBytes: PRE_KEY_ID_BYTES }))
const cardSchema = z.nullable(bytesSchema({ maxBytes: MAX_CONTACT_CARD_BYTES }))
const isInOrder = (list: Array<{ device: Uint8Array }>): boolean => list.every(({ device }, index) => index === 0 || compare(list[index - 1]?.device ?? device, device) < 0)
const inOrder = 'expected devices in the order of their keys, none twice'

const schema = z.discriminatedUnion('type', [
  z.strictObject({ v, type: z.literal('hello'), person: keySchema, card: cardSchema }),
  z.strictObject({ v, type: z.literal('left'), series: idSchema, number: countSchema(0xffff_ffff), left: countSchema(0xffff), lastResort: idSchema }),
  z.strictObject({ v, type: z.literal('put'), block: bytesSchema({ maxBytes: MAX_PRE_KEY_BATCH_BYTES }) }),
  z.strictObject({
    v,
    type: z.literal('take'),
    person: keySchema,
    asker: keySchema,
    card: cardSchema,
    wanted: z.array(z.strictObject({ device: keySchema, count: countSchema(MAX_TAKEN_AT_ONCE) })).check(z.minLength(1), z.maxLength(MAX_DEVICES), z.refine(isInOrder, inOrder))
  }),
  z.strictObject({
    v,
    type: z.literal('given'),
    devices: z.array(z.strictObject({ device: keySchema, keys: z.array(preKeySchema).check(z.maxLength(MAX_TAKEN_AT_ONCE)), lastResort: z.nullable(preKeySchema) })).check(z.maxLength(MAX_DEVICES), z.refine(isInOrder, inOrder))
  }),
  z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.maxLength(64)), message: z.string().check(z.maxLength(300)) })
])

export type PreKeyFrame = z.infer<typeof schema>
export type FrameOf<T extends PreKeyFrame['type']> = Extract<PreKeyFrame, { type: T }>

export const preKeyFrameCodec: Codec<PreKeyFrame> = createCodec('pre-key frame', schema, { maxBytes: MAX_PRE_KEY_FRAME_BYTES })

/** Returns the frame that ends a stream for cause. */
export function refusalFrame (error: Error): PreKeyFrame {
  return { v: 1, type: 'refuse', error: error.name.slice(0, 64), message: error.message.slice(0, 300) }
}
