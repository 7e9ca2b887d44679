import { DamagedAudioError } from '../errors.ts'
import { CONTINUED, type OggPage } from './ogg-page.ts'

/** Tags may carry a picture; an audio packet is far smaller. */
const MAX_PACKET_BYTES = 16 * 1024 * 1024

/** What one page completes. */
export interface PagePackets {
  packets: Uint8Array[]
  /** Whether something before these packets is missing. */
  lost: boolean
}

/** Puts the packets of one logical stream together from its pages. */
export interface Packetiser {
  /** @throws {DamagedAudioError} */
  add(page: OggPage): PagePackets
  /** Whether a packet waits for its continuation. */
  readonly open: boolean
}

/** Creates a packetiser for the stream whose first page was `first`. */
export function createPacketiser (first: OggPage): Packetiser {
  let sequence = first.sequence
  let parts: Uint8Array[] | undefined
  return {
    get open () { return parts !== undefined },
    add (page) {
      let lost = page.sequence !== (sequence + 1) >>> 0
      sequence = page.sequence
      if (lost) parts = undefined
      const continued = (page.flags & CONTINUED) !== 0
      if (!continued && parts !== undefined) {
        lost = true
        parts = undefined
      }
      // The beginning of what this page goes on with is missing: so is its end.
      let orphan = continued && parts === undefined
      if (orphan) lost = true
      const packets: Uint8Array[] = []
      let at = 0
      for (const length of page.lacing) {
        parts = [...parts ?? [], page.body.subarray(at, at + length)]
        at += length
        if (length === 255) continue
        if (!orphan) packets.push(join(parts))
        orphan = false
        parts = undefined
      }
      if (orphan) parts = undefined
      // One view a page instead of one a piece, so that a packet of many pages costs little.
      if (parts !== undefined) {
        parts = [join(parts)]
        if ((parts[0]?.length ?? 0) > MAX_PACKET_BYTES) throw new DamagedAudioError(`a packet of more than ${MAX_PACKET_BYTES} bytes`, page.offset)
      }
      return { packets, lost }
    }
  }
}

function join (parts: Uint8Array[]): Uint8Array {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
