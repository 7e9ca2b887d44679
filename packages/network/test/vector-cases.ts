import { cidOf, encodeCanonical } from '@parley/core'
import { blockReplyCodec, blockRequestCodec } from '../src/blocks/block-messages.ts'
import { encodeRecord, type FrameRecord } from '../src/streams/frame-records.ts'

const block = encodeCanonical({ hello: 'world' })

/** What the frozen vectors say of each message; the bytes are in `vectors/v1`. */
export const frameCases: Record<string, FrameRecord> = {
  'an empty frame': { type: 'data', frame: new Uint8Array() },
  'a frame of three bytes': { type: 'data', frame: Uint8Array.of(1, 2, 3) },
  'a frame whose length takes two bytes': { type: 'data', frame: new Uint8Array(200).fill(0xab) },
  'credit of a quarter of the window': { type: 'credit', sizeBytes: 262_144 },
  'the end': { type: 'end' },
  'an abort': { type: 'abort', errorName: 'OversizedBytesError' }
}

export const encodeFrameCase = (record: FrameRecord): Uint8Array => encodeRecord(record)

export const blockCases: Record<string, () => Uint8Array> = {
  'a request': () => blockRequestCodec.encode({ v: 1, id: 7, cid: cidOf(block) }),
  'a reply with the block': () => blockReplyCodec.encode({ v: 1, id: 7, block }),
  'a reply without it': () => blockReplyCodec.encode({ v: 1, id: 8, block: null })
}
