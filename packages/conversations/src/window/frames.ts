import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { MAX_BLOCK_BYTES, MAX_CARDS, MAX_CARD_BYTES, MAX_REASON_CHARS } from '../sync/limits.ts'
import { MAX_WINDOW, MAX_WINDOW_KEYS, MAX_WINDOW_FRAME_BYTES } from './limits.ts'

const v = z.literal(1)
const blocks = z.array(bytesSchema({ maxBytes: MAX_BLOCK_BYTES }))

const askSchema = z.strictObject({
  v,
  type: z.literal('ask'),
  conversation: cidSchema,
  before: z.nullable(cidSchema),
  count: countSchema(MAX_WINDOW).check(z.refine(count => count > 0, 'expected at least one')),
  cards: z.array(bytesSchema({ maxBytes: MAX_CARD_BYTES })).check(z.maxLength(MAX_CARDS))
})
const headSchema = z.strictObject({
  v,
  type: z.literal('head'),
  basics: bytesSchema({ maxBytes: 256 }),
  keys: blocks.check(z.maxLength(MAX_WINDOW_KEYS)),
  cards: z.array(bytesSchema({ maxBytes: MAX_CARD_BYTES })).check(z.maxLength(MAX_CARDS))
})
const blocksSchema = z.strictObject({ v, type: z.literal('blocks'), blocks: blocks.check(z.maxLength(MAX_WINDOW)), last: z.boolean() })
const refuseSchema = z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.regex(/^[A-Za-z]{1,64}$/)), message: z.string().check(z.maxLength(MAX_REASON_CHARS)) })

/** Asks for the newest `count` actions, or those before one. */
export type AskFrame = z.infer<typeof askSchema>
/** Begins the answer: the basics, the actions that carry the keys of the window's epochs, and cards of the people in the conversation. */
export type HeadFrame = z.infer<typeof headSchema>
/** Actions of the window, the newest first. */
export type BlocksFrame = z.infer<typeof blocksSchema>
export type WindowRefuseFrame = z.infer<typeof refuseSchema>
export type WindowFrame = AskFrame | HeadFrame | BlocksFrame | WindowRefuseFrame

/** Every frame of `/parley/window/1`, as canonical DAG-CBOR. */
export const windowFrameCodec: Codec<WindowFrame> = createCodec<WindowFrame>('window frame', z.discriminatedUnion('type', [askSchema, headSchema, blocksSchema, refuseSchema]), { maxBytes: MAX_WINDOW_FRAME_BYTES })
