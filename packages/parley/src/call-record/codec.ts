import { bytesSchema, cidSchema, countSchema, createCodec, type CID } from '@parley/core'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@parley/identity'
import * as z from 'zod/mini'
import { fromString, toString } from 'uint8arrays'
import type { CallEnd, CallState } from './machine.ts'

/** A call as its record tells it. */
export interface CallRecord {
  /** Hex of the call's 16 bytes. */
  call: string
  from: Did
  fromName?: string | undefined
  to: Did
  status: 'offered' | 'capturing' | CallEnd
  startedAt: number
  endedAt?: number | undefined
  conversation?: CID | undefined
  /** Segments that are on the disk of whoever keeps them. */
  segments: number
  cutOff: boolean
  reason?: string | undefined
  /** What happened, in order; the last one is the end, and there is one end. */
  events: CallEvent[]
}

export interface CallEvent { at: number, event: 'offered' | 'capturing' | CallEnd }

/** What is kept of one call: the machine's state and what was told of it. */
export interface StoredCall {
  /** Hex of the call's 16 bytes. */
  call: string
  from: string
  to: string
  conversation?: CID | undefined
  startedAt: number
  endedAt?: number | undefined
  state: CallState
  events: CallEvent[]
}

const key = bytesSchema({ exactBytes: 32 })
const ends = z.enum(['stored', 'kept', 'cancelled', 'no-answer', 'failed'])
const state = z.union([
  z.strictObject({ status: z.literal('offered') }),
  z.strictObject({ status: z.literal('capturing'), segments: countSchema() }),
  z.strictObject({ status: z.literal('ended'), end: ends, segments: countSchema(), cutOff: z.boolean(), reason: z.optional(z.string()) })
])

const codec = createCodec('call record', z.strictObject({
  v: z.literal(1),
  call: bytesSchema({ exactBytes: 16 }),
  from: key,
  to: key,
  conversation: z.optional(cidSchema),
  startedAt: countSchema(),
  endedAt: z.optional(countSchema()),
  state,
  events: z.array(z.strictObject({ at: countSchema(), event: z.enum(['offered', 'capturing', 'stored', 'kept', 'cancelled', 'no-answer', 'failed']) })).check(z.maxLength(8))
}), { maxBytes: 8192 })

/** Encodes a record for a store. */
export function encodeCall ({ conversation, endedAt, ...record }: StoredCall): Uint8Array {
  return codec.encode({
    v: 1,
    ...record,
    state: withoutUndefined(record.state),
    call: new Uint8Array(fromString(record.call, 'hex')),
    from: new Uint8Array(publicKeyFromDid(record.from)),
    to: new Uint8Array(publicKeyFromDid(record.to)),
    ...(conversation === undefined ? {} : { conversation }),
    ...(endedAt === undefined ? {} : { endedAt })
  })
}

/** @throws {OversizedBytesError | InvalidBytesError} */
export function decodeCall (bytes: Uint8Array): StoredCall {
  const { v: _version, call, from, to, ...rest } = codec.decode(bytes)
  return { ...rest, call: toString(call, 'hex'), from: didFromPublicKey(from), to: didFromPublicKey(to) }
}

/** Tells a stored call as people see it. */
export function toRecord ({ state, ...stored }: StoredCall, fromName: string | undefined): CallRecord {
  return {
    ...stored,
    fromName,
    status: state.status === 'ended' ? state.end : state.status,
    segments: state.status === 'offered' ? 0 : state.segments,
    cutOff: state.status === 'ended' && state.cutOff,
    reason: state.status === 'ended' ? state.reason : undefined
  }
}

/** DAG-CBOR has no undefined: an absent reason is an absent key. */
function withoutUndefined (state: CallState): CallState {
  if (state.status !== 'ended' || state.reason !== undefined) return state
  const { reason: _none, ...rest } = state
  return rest
}
