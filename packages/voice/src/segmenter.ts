import type { OpusPacket } from '@parley/media'
import { VOICE_RATE_HZ } from './limits.ts'

/** When a segment is long enough. */
export interface SegmentLengths {
  /** Of the first segment, short so that a listener is soon there. @default 200 */
  firstMs?: number
  /** Of every other. @default 1000 */
  segmentMs?: number
}

/** Packets gathered for the next segment. */
export interface Segmenter {
  /** Takes a packet; returns the packets of a segment that is now full. */
  add(packet: OpusPacket): OpusPacket[] | undefined
  /** Returns what is left. */
  rest(): OpusPacket[]
}

// Sealed, signed and padded, this stays far under the largest segment.
const MOST_BYTES = 64 * 1024
const MOST_PACKETS = 500

/** Cuts a sequence of packets into segments. */
export function createSegmenter ({ firstMs = 200, segmentMs = 1000 }: SegmentLengths = {}): Segmenter {
  let packets: OpusPacket[] = []
  let samples = 0
  let sizeBytes = 0
  let first = true
  const take = (): OpusPacket[] => {
    const taken = packets
    packets = []
    samples = 0
    sizeBytes = 0
    first = false
    return taken
  }
  return {
    add (packet) {
      packets.push(packet)
      samples += packet.samples
      sizeBytes += packet.data.byteLength
      const goal = (first ? firstMs : segmentMs) / 1000 * VOICE_RATE_HZ
      return samples >= goal || sizeBytes >= MOST_BYTES || packets.length >= MOST_PACKETS ? take() : undefined
    },
    rest: take
  }
}
