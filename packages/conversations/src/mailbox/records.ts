import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import type { Did } from '@parley/identity'
import * as z from 'zod/mini'
import { kindSchema, reasonSchema } from './frames.ts'
import { MAX_PAYLOAD_BYTES } from './limits.ts'

const v = z.literal(1)
const box = bytesSchema({ exactBytes: 16 })
const boxSchema = z.strictObject({ v, id: box, next: countSchema() })
const itemSchema = z.strictObject({ v, kind: kindSchema, conversation: z.nullable(cidSchema), payload: bytesSchema({ maxBytes: MAX_PAYLOAD_BYTES }), at: countSchema(), from: z.optional(z.string().check(z.maxLength(256))) })
const cursorSchema = z.strictObject({ v, upTo: countSchema(), reason: reasonSchema, at: countSchema() })
const followingSchema = z.strictObject({ v, box, after: countSchema() })

/** A mailbox: which life of it this is, and the number of its next item. */
export const boxCodec: Codec<z.infer<typeof boxSchema>> = createCodec('mailbox record', boxSchema, { maxBytes: 256 })
export const itemCodec: Codec<z.infer<typeof itemSchema>> = createCodec('mailbox item record', itemSchema, { maxBytes: MAX_PAYLOAD_BYTES + 512 })
/** How far a device has acknowledged, and when it last did (wall milliseconds). */
export const cursorCodec: Codec<z.infer<typeof cursorSchema>> = createCodec('mailbox cursor', cursorSchema, { maxBytes: 256 })
/** The device's own cursor in one holder's mailbox. */
export const followingCodec: Codec<z.infer<typeof followingSchema>> = createCodec('followed mailbox', followingSchema, { maxBytes: 256 })

export const boxKey = (person: Did): string => `/mailbox/box/${person}`
export const itemsPrefix = (person: Did): string => `/mailbox/items/${person}/`
/** Numbers are padded so that key order is their order. */
export const itemKey = (person: Did, seq: number): string => `${itemsPrefix(person)}${String(seq).padStart(16, '0')}`
export const cursorsPrefix = (person: Did): string => `/mailbox/cursors/${person}/`
export const cursorKey = (person: Did, device: Did): string => `${cursorsPrefix(person)}${device}`
export const followingKey = (peer: string): string => `/mailbox/following/${peer}`
