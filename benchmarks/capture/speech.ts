import { cidOf, encodeCanonical, systemRandom, type CID } from '@parley/core'
import type { Signer } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import { createManifest, createSegment, createVoiceKey, voiceName, OPUS_PRE_SKIP } from '@parley/voice'

/** The conversation and the action that all of this belongs to: a keeper does not look into them. */
export const CONVERSATION: CID = cidOf(encodeCanonical({ benchmark: 'conversation' }))
export const ACTION: CID = cidOf(encodeCanonical({ benchmark: 'action' }))

const PACKET_MS = 20
const FIRST_MS = 200
const SECOND_MS = 1000

/** A voice message that is sealed already, as its speaker would send it. */
export interface Speech {
  voice: Uint8Array
  name: string
  /** Segment blocks: 200 ms, then a second each. */
  segments: Uint8Array[]
  manifest: Uint8Array
}

/** Makes a packet of 20 ms at `bitrate` bits a second; its TOC byte (RFC 6716, 3.1) says CELT, full band, mono. */
export function packet (bitrate: number): OpusPacket {
  const data = systemRandom(bitrate / 8 * PACKET_MS / 1000)
  data[0] = 0xf8
  return { data, samples: 960 }
}

/** Seals and signs a message of a beginning and `seconds`. */
export async function createSpeech (signer: Signer, { seconds, bitrate }: { seconds: number, bitrate: number }): Promise<Speech> {
  const { voice, key } = createVoiceKey({ random: systemRandom })
  const segments: Uint8Array[] = []
  const cids: CID[] = []
  const samples: number[] = []
  let start = 0
  for (let index = 0; index <= seconds; index++) {
    const durationMs = index === 0 ? FIRST_MS : SECOND_MS
    const packets = Array.from({ length: durationMs / PACKET_MS }, () => packet(bitrate))
    const peaks = new Uint8Array(durationMs / 50).fill(100)
    const { bytes, cid } = await createSegment({ signer, random: systemRandom }, { voice, key, index, prev: cids.at(-1) ?? null, last: index === seconds, content: { start, packets, peaks } })
    segments.push(bytes)
    cids.push(cid)
    samples.push(packets.length * 960)
    start += packets.length * 960
  }
  const { bytes: manifest } = createManifest({ random: systemRandom }, {
    voice, key, segments: cids,
    content: { codec: 'opus', sampleRateHz: 48_000, channels: 1, preSkip: OPUS_PRE_SKIP, durationMs: FIRST_MS + seconds * SECOND_MS, samples, peaks: new Uint8Array(16), startedAt: Math.floor(Date.now()), cutOff: false }
  })
  return { voice, name: voiceName(voice), segments, manifest }
}
