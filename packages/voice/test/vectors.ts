import { createSeededRandom } from '@parley/core'
import { type CaptureRecord, createManifest, createSegment, encodeCaptureRecord, signCaptureRecord } from '../src/index.ts'
import { encodeReply, encodeRequest } from '../src/frames.ts'
import { ACTION, CONVERSATION, deviceKeys, packets } from './world.ts'

export const VOICE = new Uint8Array(16).fill(7)
export const KEY = new Uint8Array(32).fill(9)

export interface Vectors { [name: string]: string }

/** Makes every wire and storage form from fixed keys and a seeded generator, as hexadecimal text. */
export async function makeVectors (): Promise<Vectors> {
  const random = createSeededRandom(42)
  const { signer, did } = await deviceKeys(1)
  const first = await createSegment({ signer, random }, { voice: VOICE, key: KEY, index: 0, prev: null, last: false, content: { start: 0, packets: packets(10, random), peaks: new Uint8Array([1, 2, 3]) } })
  const uneven = packets(50, random).map((packet, index) => index === 49 ? { ...packet, samples: 100 } : packet)
  const second = await createSegment({ signer, random }, { voice: VOICE, key: KEY, index: 1, prev: first.cid, last: true, content: { start: 9600, packets: uneven, peaks: new Uint8Array(20) } })
  const manifest = createManifest({ random }, {
    voice: VOICE, key: KEY, segments: [first.cid, second.cid],
    content: { codec: 'opus', sampleRateHz: 48000, channels: 1, preSkip: 312, durationMs: 1176, samples: [9600, 47_140], peaks: new Uint8Array(23), startedAt: 1_700_000_000_000, cutOff: false }
  })
  const record: CaptureRecord = {
    voice: VOICE, conversation: CONVERSATION, action: ACTION, context: new Uint8Array([1, 2, 3]), speaker: did, person: did, segments: 2, last: second.cid,
    sizeBytes: 5000, whole: true, state: 'cut-off', reason: 'hung up', manifest: manifest.cid, startedAt: 1_700_000_000_000, endedAt: 1_700_000_002_000
  }
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  return {
    'segment 0': hex(first.bytes),
    'segment 1, last, uneven': hex(second.bytes),
    'manifest': hex(manifest.bytes),
    'capture record': hex(encodeCaptureRecord(record)),
    'signed capture record': hex(await signCaptureRecord(signer, record, { onBehalfOf: did })),
    'put': hex(encodeRequest({ v: 1, type: 'put', voice: VOICE, conversation: CONVERSATION, action: ACTION, context: new Uint8Array(2), card: null })),
    'segment frame': hex(encodeRequest({ v: 1, type: 'segment', block: first.bytes })),
    'finish': hex(encodeRequest({ v: 1, type: 'finish', manifest: manifest.bytes, cutOff: false, reason: null })),
    'get': hex(encodeRequest({ v: 1, type: 'get', voice: VOICE, from: 3, follow: true })),
    'opened': hex(encodeReply({ v: 1, type: 'opened', next: 2, last: second.cid, state: 'recording' })),
    'ack': hex(encodeReply({ v: 1, type: 'ack', index: 1 })),
    'paused': hex(encodeReply({ v: 1, type: 'paused', reason: 'full', detail: 'The disk is full' })),
    'resumed': hex(encodeReply({ v: 1, type: 'resumed' })),
    'closed': hex(encodeReply({ v: 1, type: 'closed', state: 'complete', segments: 2, reason: null })),
    'ended': hex(encodeReply({ v: 1, type: 'ended', state: 'complete', segments: 2, manifest: manifest.cid, reason: null })),
    'refused': hex(encodeReply({ v: 1, type: 'refused', reason: 'forged', detail: 'no' }))
  }
}
