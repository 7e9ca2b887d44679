import { bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'

/** Protocol of the direct stream. */
export const SIGNAL_PROTOCOL = '/parley/signal/1'
/** HPKE purpose of a direction of a stream. */
export const STREAM_PURPOSE = 'signal-stream'

const helloSchema = z.strictObject({ v: z.literal(1), enc: bytesSchema({ exactBytes: 32 }), ct: bytesSchema({ maxBytes: 256 }) })

/** The first frame of each direction: what opens all that follow, and the sealed introduction. */
export const helloCodec: Codec<z.infer<typeof helloSchema>> = createCodec('signal stream hello', helloSchema, { maxBytes: 512 })

const introductionSchema = z.strictObject({ v: z.literal(1), sealing: bytesSchema({ exactBytes: 32 }), now: countSchema() })

/** What is sealed in the hello: the key to seal the other direction to, and the sender's clock. */
export const introductionCodec: Codec<z.infer<typeof introductionSchema>> = createCodec('signal stream introduction', introductionSchema, { maxBytes: 200 })
