import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import { MAX_CONTACT_CARD_BYTES, MAX_PROFILE_BLOCK_BYTES, MAX_PROFILE_BUNDLE_BYTES, sealedTierSchema, tierCopySchema } from '@parley/identity'
import * as z from 'zod/mini'

/** Between whoever wants to know of a person and the person's devices and proxies; and between these. */
export const PROFILE_PROTOCOL = '/parley/profile/1'

/** No frame of this protocol is larger. */
export const MAX_PROFILE_FRAME_BYTES = MAX_PROFILE_BUNDLE_BYTES + MAX_CONTACT_CARD_BYTES + 1024

const v = z.literal(1)
const keySchema = bytesSchema({ exactBytes: 32 })
const cardSchema = z.nullable(bytesSchema({ maxBytes: MAX_CONTACT_CARD_BYTES }))
const heldSchema = z.strictObject({
  tier: z.enum(['public', 'correspondents', 'contacts']),
  version: z.strictObject({ wallMs: countSchema(), counter: countSchema(0xffff_ffff) })
})

const schema = z.discriminatedUnion('type', [
  z.strictObject({ v, type: z.literal('ask'), person: keySchema, have: z.array(heldSchema).check(z.maxLength(3)) }),
  z.strictObject({
    v,
    type: z.literal('answer'),
    card: cardSchema,
    public: z.nullable(bytesSchema({ maxBytes: MAX_PROFILE_BLOCK_BYTES })),
    copy: z.nullable(tierCopySchema),
    sealed: z.array(sealedTierSchema).check(z.maxLength(2))
  }),
  z.strictObject({ v, type: z.literal('put'), person: keySchema, card: cardSchema, bundle: z.nullable(bytesSchema({ maxBytes: MAX_PROFILE_BUNDLE_BYTES })) }),
  z.strictObject({ v, type: z.literal('kept'), cid: z.nullable(cidSchema) }),
  z.strictObject({ v, type: z.literal('newer'), bundle: bytesSchema({ maxBytes: MAX_PROFILE_BUNDLE_BYTES }) }),
  z.strictObject({ v, type: z.literal('refuse'), error: z.string().check(z.maxLength(64)), message: z.string().check(z.maxLength(300)) })
])

export type ProfileFrame = z.infer<typeof schema>

export const profileFrameCodec: Codec<ProfileFrame> = createCodec('profile frame', schema, { maxBytes: MAX_PROFILE_FRAME_BYTES })

/** Returns the frame that ends a stream for cause. */
export function refusalFrame (error: Error): ProfileFrame {
  return { v: 1, type: 'refuse', error: error.name.slice(0, 64), message: error.message.slice(0, 300) }
}
