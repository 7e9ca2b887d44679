import type { OpusPacket } from '../audio.ts'
import { frameSamples } from './opus-packet.ts'

/** CELT fullband at 20, 10, 5 and 2.5 ms: the first byte without channels and code. */
const CELT_FULLBAND = [[960, 31 << 3], [480, 30 << 3], [240, 29 << 3], [120, 28 << 3]] as const
/** No span is filled in shorter steps than Opus' shortest frame. */
export const SHORTEST_SAMPLES = 120

/**
 * Returns packets of one byte that a decoder conceals (RFC 7845 section 4.1),
 * as many as fit into `samples`; less than 2.5 ms may remain unfilled.
 *
 * `toc` is the first byte of a packet before the gap: a decoder conceals best
 * in the mode it is in.
 */
export function fillerPackets (samples: number, toc: number = 31 << 3): OpusPacket[] {
  const packets: OpusPacket[] = []
  let left = samples
  const own = frameSamples(toc)
  for (; left >= own; left -= own) packets.push({ data: Uint8Array.of(toc & 0xfc), samples: own })
  for (const [length, config] of CELT_FULLBAND) {
    for (; left >= length; left -= length) packets.push({ data: Uint8Array.of(config | (toc & 4)), samples: length })
  }
  return packets
}
