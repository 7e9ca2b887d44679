import { bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import * as z from 'zod/mini'
import { CHAIN_LENGTH, LINK_BYTES } from './beat-chain.ts'
import { MAX_STATEMENT_BYTES } from './statement.ts'

/** Protocol of the streams between devices and boards. */
export const PRESENCE_PROTOCOL = '/parley/presence/1'
/** Frames are never larger. */
export const MAX_PRESENCE_FRAME_BYTES = 64 * 1024
/** Persons that one frame adds to, or takes from, what is watched. */
export const MAX_PERSONS_PER_FRAME = 256
/** Persons that one device may watch on one board. */
export const MAX_WATCHED = 4_096
/** Statements in one frame; all of the largest size fit. */
export const MAX_STATEMENTS_PER_FRAME = 56
/** Links, or ends, in one frame. */
export const MAX_LINKS_PER_FRAME = 1_024
/** The largest device list that a hello introduces its sender with. */
export const MAX_INTRODUCTION_BYTES = 60 * 1024

const bytes32 = bytesSchema({ exactBytes: 32 })
const link = bytesSchema({ exactBytes: LINK_BYTES })
const beat = countSchema(CHAIN_LENGTH)
const persons = z.array(bytes32).check(z.maxLength(MAX_PERSONS_PER_FRAME))
const block = bytesSchema({ maxBytes: MAX_STATEMENT_BYTES })
const slot = countSchema(0xffff_ffff)
const version = z.literal(1)

// Lists, not maps: a beat that says nothing has three bytes.
const dialler = z.union([
  z.tuple([version, z.literal(0), z.strictObject({ person: bytes32, list: z.optional(bytesSchema({ maxBytes: MAX_INTRODUCTION_BYTES })), sentAt: countSchema() })]),
  z.tuple([version, z.literal(1), persons, persons]),
  z.tuple([version, z.literal(2), z.nullable(z.tuple([block, beat, link]))]),
  z.tuple([version, z.literal(3), beat, link])
])

const board = z.union([
  z.tuple([version, z.literal(0), z.strictObject({ sentAt: countSchema() })]),
  z.tuple([version, z.literal(4), z.array(z.tuple([slot, block, beat, link])).check(z.maxLength(MAX_STATEMENTS_PER_FRAME)), z.array(slot).check(z.maxLength(MAX_LINKS_PER_FRAME))]),
  z.tuple([version, z.literal(5), z.array(z.tuple([slot, beat, link])).check(z.maxLength(MAX_LINKS_PER_FRAME))])
])

/** What the dialling device says: 0 hello, 1 watch (add, drop), 2 its own state or none, 3 its beat. */
export type DiallerFrame = z.infer<typeof dialler>
/** What a board says: 0 hello, 4 states (set, gone), 5 its beat with those of the devices. */
export type BoardFrame = z.infer<typeof board>

export const diallerCodec: Codec<DiallerFrame> = createCodec<DiallerFrame>('presence frame of a device', dialler, { maxBytes: MAX_PRESENCE_FRAME_BYTES })
export const boardCodec: Codec<BoardFrame> = createCodec<BoardFrame>('presence frame of a board', board, { maxBytes: MAX_PRESENCE_FRAME_BYTES })
