import { OPUS_RATE_HZ, type OnDamage, type OpusPacket } from '../audio.ts'
import { MAX_GAP_SAMPLES } from '../opus/decode-opus.ts'
import { fillerPackets } from '../opus/filler.ts'
import { DamagedAudioError } from '../errors.ts'
import type { AudioPage } from './opus-pages.ts'

/** A muxer that rounds to milliseconds is no gap. */
const TOLERANCE_SAMPLES = 960

/** Gives the packets of pages their time: fills gaps and trims the end, by the pages' positions. */
export interface PageTimer {
  /** @throws {DamagedAudioError} when a packet is no Opus */
  packetsOf(page: AudioPage): OpusPacket[]
}

/** Creates a timer; `durationOf` tells a packet's samples, undefined when it is none. */
export function createPageTimer (durationOf: (packet: Uint8Array) => number | undefined, onDamage: OnDamage | undefined): PageTimer {
  let position: number | undefined
  let toSkip = 0
  let toc: number | undefined
  let links = 0
  const fill = (gap: number, offset: number): OpusPacket[] => {
    const seconds = (gap / OPUS_RATE_HZ).toFixed(3)
    const fills = gap <= MAX_GAP_SAMPLES
    onDamage?.({ kind: 'gap', offset, message: `${seconds} s are missing and ${fills ? 'were filled' : 'are too long to be filled'}` })
    return fills ? fillerPackets(gap, toc) : []
  }
  return {
    packetsOf (page) {
      if (page.head !== undefined) {
        position = undefined
        // The first link's pre-skip is the source's; a later one's is dropped packet by packet.
        toSkip = links++ === 0 ? 0 : page.head.preSkip
      }
      const packets = page.packets.map(data => {
        const samples = durationOf(data)
        if (samples === undefined) throw new DamagedAudioError('a packet is no Opus', page.offset)
        return { data, samples }
      })
      const total = packets.reduce((sum, packet) => sum + packet.samples, 0)
      const start = page.granule === undefined ? undefined : page.granule - total
      position ??= page.last ? Math.max(0, start ?? 0) : start ?? 0
      const gap = start === undefined ? 0 : start - position
      const filled = gap >= (page.lost ? 1 : TOLERANCE_SAMPLES) ? fill(gap, page.offset) : []
      toc = packets.at(-1)?.data[0] ?? toc
      if (page.last && gap < 0 && -gap <= total) trimEnd(packets, -gap)
      position = page.granule ?? position + total
      return skipFront([...filled, ...packets])
    }
  }

  function skipFront (packets: OpusPacket[]): OpusPacket[] {
    return packets.map(packet => {
      const skip = Math.min(toSkip, packet.samples)
      if (skip === 0) return packet
      toSkip -= skip
      return { data: packet.data, samples: packet.samples - skip, skip }
    })
  }
}

function trimEnd (packets: OpusPacket[], excess: number): void {
  for (let left = excess; left > 0;) {
    const last = packets.at(-1)
    if (last === undefined) return
    const taken = Math.min(left, last.samples)
    last.samples -= taken
    left -= taken
    if (last.samples === 0) packets.pop()
  }
}
