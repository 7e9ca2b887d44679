import { bytesSchema, cidSchema, countSchema, createCodec, type Codec } from '@parley/core'
import type { CID } from 'multiformats/cid'
import * as z from 'zod/mini'
import { MAX_BLOCK_BYTES } from '../network.ts'

/** The direct exchange of blocks: docs/specs/0002-frames-and-blocks.md. */
export const BLOCKS_PROTOCOL = '/parley/blocks/1'

/** Asks for one block; `id` is the asker's own count and comes back with the answer. */
export interface BlockRequest {
  v: 1
  id: number
  cid: CID
}

/** Answers one request; `block` is null where the peer does not have it. */
export interface BlockReply {
  v: 1
  id: number
  block: Uint8Array | null
}

const id = countSchema(0xffff_ffff)

export const blockRequestCodec: Codec<BlockRequest> = createCodec('block request',
  z.strictObject({ v: z.literal(1), id, cid: cidSchema }), { maxBytes: 256 })

export const blockReplyCodec: Codec<BlockReply> = createCodec('block reply',
  z.strictObject({ v: z.literal(1), id, block: z.nullable(bytesSchema({ maxBytes: MAX_BLOCK_BYTES })) }), { maxBytes: MAX_BLOCK_BYTES + 64 })
