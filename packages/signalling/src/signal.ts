import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import { SIGNED_OVERHEAD_BYTES } from '@parley/identity'
import * as z from 'zod/mini'
import { ACCEPT_MODES, LEAVE_REASONS, MAX_LIFETIME_MS, TOLD_REACHES, isUsualSignal } from './signal-shape.ts'

export { MAX_LIFETIME_MS }
/** The largest signed signal block, in bytes: an offer carries a contact card. */
export const MAX_SIGNAL_BYTES = 56 * 1024

const bytes16 = bytesSchema({ exactBytes: 16 })
const bytes32 = bytesSchema({ exactBytes: 32 })
const detail = z.optional(z.string().check(z.maxLength(256)))

const head = {
  v: z.literal(1),
  id: bytes16,
  call: bytes16,
  from: bytes32,
  device: bytes32,
  to: bytes32,
  seq: countSchema(),
  sentAt: countSchema(),
  expiresAt: countSchema()
}

const offerPayload = z.strictObject({
  conversation: z.optional(cidSchema),
  media: z.array(z.literal('audio')).check(z.minLength(1), z.maxLength(1)),
  card: bytesSchema({ maxBytes: 55 * 1024 })
})
const offerAckPayload = z.strictObject({ reach: z.enum(TOLD_REACHES) })
const acceptPayload = z.strictObject({ mode: z.enum(ACCEPT_MODES), onBehalfOf: z.optional(bytes32) })
const rejectPayload = z.strictObject({ reason: z.enum(['declined', 'busy', 'blocked', 'unavailable']), detail })
const leavePayload = z.strictObject({ reason: z.enum(LEAVE_REASONS), detail })
const alivePayload = z.strictObject({})
const ackPayload = z.strictObject({ of: bytes16 })

/** What a body may be; the last word on it. */
export const signalSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...head, type: z.literal('call.offer'), payload: offerPayload }),
  z.strictObject({ ...head, type: z.literal('call.offer-ack'), payload: offerAckPayload }),
  z.strictObject({ ...head, type: z.literal('call.accept'), payload: acceptPayload }),
  z.strictObject({ ...head, type: z.literal('call.reject'), payload: rejectPayload }),
  z.strictObject({ ...head, type: z.literal('call.leave'), payload: leavePayload }),
  z.strictObject({ ...head, type: z.literal('call.alive'), payload: alivePayload }),
  z.strictObject({ ...head, type: z.literal('ack'), payload: ackPayload })
]).check(z.refine(
  signal => signal.expiresAt > signal.sentAt && signal.expiresAt - signal.sentAt <= MAX_LIFETIME_MS,
  { path: ['expiresAt'], message: `expected at most ${MAX_LIFETIME_MS} ms after sentAt` }
))

/** The body of a signal: what is signed. */
export type Signal = z.infer<typeof signalSchema>
/** A signal of one type. */
export type SignalOf<Type extends Signal['type']> = Extract<Signal, { type: Type }>
/** A type and the payload that belongs to it. */
export type SignalContent = { [Type in Signal['type']]: { type: Type, payload: SignalOf<Type>['payload'] } }[Signal['type']]

/** Reads and writes the body of a signal block. */
export const signalCodec: Codec<Signal> = createCodec<Signal>('signal', {
  parse: value => isUsualSignal(value) ? value : signalSchema.parse(value)
}, { maxBytes: MAX_SIGNAL_BYTES - SIGNED_OVERHEAD_BYTES })
