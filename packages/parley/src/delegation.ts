import { bytesSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'

/** One request and one answer on a direct stream: a person's device hands a proxy its delegation. */
export const DELEGATION_PROTOCOL = '/parley/delegation/1'

/** What a device sends: the claim code's token and a card whose device list names the proxy. */
export interface DelegationRequest {
  v: 1
  token: Uint8Array<ArrayBuffer>
  card: Uint8Array<ArrayBuffer>
}

/** What a proxy answers; `addresses` are where it can be reached from now on. */
export type DelegationAnswer =
  | { v: 1, ok: true, addresses: string[] }
  | { v: 1, ok: false, reason: string }

const MAX_CARD_BYTES = 64 * 1024

export const delegationRequestCodec: Codec<DelegationRequest> = createCodec('delegation request', z.strictObject({
  v: z.literal(1),
  token: bytesSchema({ exactBytes: 16 }),
  card: bytesSchema({ maxBytes: MAX_CARD_BYTES })
}), { maxBytes: MAX_CARD_BYTES + 256 })

export const delegationAnswerCodec: Codec<DelegationAnswer> = createCodec('delegation answer', z.union([
  z.strictObject({ v: z.literal(1), ok: z.literal(true), addresses: z.array(z.string().check(z.maxLength(512))).check(z.maxLength(32)) }),
  z.strictObject({ v: z.literal(1), ok: z.literal(false), reason: z.string().check(z.maxLength(512)) })
]), { maxBytes: 32 * 1024 })
