import { bytesSchema, cidSchema, countSchema, createCodec, type CID, type Codec } from '@parley/core'
import { MAX_CONTACT_CARD_BYTES, MAX_POLICY_BYTES, type Policy } from '@parley/identity'
import * as z from 'zod/mini'

/** Between a person's endpoint device and a proxy of theirs. */
export const POLICY_PROTOCOL = '/parley/policy/1'

/** No frame of this protocol is larger. */
export const MAX_POLICY_FRAME_BYTES = MAX_POLICY_BYTES + 256

/** Which policy somebody has; null when none. */
export type HeldVersion = { wallMs: number, counter: number, cid: CID } | null

const v = z.literal(1)
const heldSchema = z.nullable(z.strictObject({ wallMs: countSchema(), counter: countSchema(0xffff_ffff), cid: cidSchema }))

const schema = z.discriminatedUnion('type', [
  z.strictObject({ v, type: z.literal('hello'), person: bytesSchema({ exactBytes: 32 }), card: z.nullable(bytesSchema({ maxBytes: MAX_CONTACT_CARD_BYTES })), held: heldSchema }),
  z.strictObject({ v, type: z.literal('held'), held: heldSchema }),
  z.strictObject({ v, type: z.literal('policy'), block: bytesSchema({ maxBytes: MAX_POLICY_BYTES }) }),
  z.strictObject({ v, type: z.literal('kept'), cid: cidSchema }),
  z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.maxLength(64)), message: z.string().check(z.maxLength(300)) })
])

export type PolicyFrame = z.infer<typeof schema>

export const policyFrameCodec: Codec<PolicyFrame> = createCodec('policy frame', schema, { maxBytes: MAX_POLICY_FRAME_BYTES })

export function heldOf (policy: Policy | undefined): HeldVersion {
  return policy === undefined ? null : { ...policy.version, cid: policy.cid }
}

/** Returns the frame that ends a stream for cause. */
export function refusalFrame (error: Error): PolicyFrame {
  return { v: 1, type: 'refuse', error: error.name.slice(0, 64), message: error.message.slice(0, 300) }
}
