import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { MAX_CARD_BYTES, MAX_MAILBOX_FRAME_BYTES, MAX_PAGE_BYTES, MAX_PAGE_ITEMS, MAX_PAYLOAD_BYTES, MAX_REASON_CHARS } from './limits.ts'

const v = z.literal(1)
/** Names one life of a mailbox: its numbers mean nothing in another. */
const box = bytesSchema({ exactBytes: 16 })
export const kindSchema = z.string().check(z.regex(/^[a-z][a-z0-9.-]{0,63}$/))
export const reasonSchema = z.enum(['have', 'refused'])

const itemSchema = z.strictObject({
  seq: countSchema(), kind: kindSchema, conversation: z.nullable(cidSchema), payload: bytesSchema({ maxBytes: MAX_PAYLOAD_BYTES }), at: countSchema()
})
const fits = (items: { payload: Uint8Array }[]): boolean => items.reduce((sum, item) => sum + item.payload.byteLength, 0) <= MAX_PAGE_BYTES

const helloSchema = z.strictObject({ v, type: z.literal('hello'), box: z.nullable(box), after: countSchema(), live: z.boolean(), card: z.nullable(bytesSchema({ maxBytes: MAX_CARD_BYTES })) })
const welcomeSchema = z.strictObject({ v, type: z.literal('welcome'), box, after: countSchema() })
const itemsSchema = z.strictObject({
  v, type: z.literal('items'), items: z.array(itemSchema).check(z.minLength(1), z.maxLength(MAX_PAGE_ITEMS), z.refine(fits, `expected at most ${MAX_PAGE_BYTES} bytes together`))
})
const currentSchema = z.strictObject({ v, type: z.literal('current') })
const ackSchema = z.strictObject({ v, type: z.literal('ack'), upTo: countSchema(), reason: reasonSchema })
const refuseSchema = z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.regex(/^[A-Za-z]{1,64}$/)), message: z.string().check(z.maxLength(MAX_REASON_CHARS)) })

/** A device: the mailbox it followed before, the last item it has, and whether it stays. */
export type MailboxHello = z.infer<typeof helloSchema>
/** The holder: items after `after` follow. */
export type MailboxWelcome = z.infer<typeof welcomeSchema>
/** The holder: items in the order of their numbers, which grow from 1 and may have gaps. */
export type MailboxItems = z.infer<typeof itemsSchema>
/** The holder: that was all there is for now. */
export type MailboxCurrent = z.infer<typeof currentSchema>
/** The device: stop holding what came up to here; it has it, or does not want it. */
export type MailboxAck = z.infer<typeof ackSchema>
export type MailboxFrame = MailboxHello | MailboxWelcome | MailboxItems | MailboxCurrent | MailboxAck | z.infer<typeof refuseSchema>

/** Something that waits for the devices of a person. */
export type MailboxItem = z.infer<typeof itemSchema>
/** Why a device lets go of an item. */
export type AckReason = z.infer<typeof reasonSchema>

/** Every frame of `/parley/mailbox/1`, as canonical DAG-CBOR. */
export const mailboxFrameCodec: Codec<MailboxFrame> = createCodec<MailboxFrame>('mailbox frame', z.discriminatedUnion('type', [
  helloSchema, welcomeSchema, itemsSchema, currentSchema, ackSchema, refuseSchema
]), { maxBytes: MAX_MAILBOX_FRAME_BYTES })
