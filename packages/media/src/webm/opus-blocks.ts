import type { OnDamage } from '../audio.ts'
import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError } from '../errors.ts'
import { elements, takeHead, unsigned, variable, type ElementHead } from './ebml.ts'
import { unlace } from './lacing.ts'
import { findOpusTrack, type OpusTrack } from './opus-track.ts'

/** Ids of RFC 9559. Of these masters the children are read as they come; others are passed over. */
const ENTERED = new Set([0x1853_8067 /* Segment */, 0x1f43_b675 /* Cluster */, 0xa0 /* BlockGroup */])
const SEGMENT = 0x1853_8067
const TRACKS = 0x1654_ae6b
const INFO = 0x1549_a966
const TIMESTAMP_SCALE = 0x2a_d7b1
const TIMESTAMP = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK = 0xa1
const DISCARD_PADDING = 0x75a2
const TAKEN = new Set([TRACKS, INFO, TIMESTAMP, SIMPLE_BLOCK, BLOCK, DISCARD_PADDING])
/** No header and no block of sound is near this. */
const MAX_TAKEN_BYTES = 16 * 1024 * 1024

/** The Opus packets of one block. */
export interface OpusBlock {
  offset: number
  track: OpusTrack
  packets: Uint8Array[]
  /** Of the first packet. */
  timeMs: number
  /** To be dropped from the end of the last packet. */
  discardNs: number
}

/**
 * Yields the blocks of the first Opus track as they arrive.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError}
 */
export async function * opusBlocks (reader: ByteReader, onDamage: OnDamage | undefined): AsyncGenerator<OpusBlock> {
  const state: State = { scaleNs: 1_000_000, clusterAt: 0, track: undefined, block: undefined }
  let end: number | undefined
  let cut = false
  for (;;) {
    const head = await takeHead(reader)
    if (head === undefined) break
    if (head === 'cut') {
      cut = true
      break
    }
    if (head.id === SEGMENT && head.size !== undefined) end = reader.offset + head.size
    if (ENTERED.has(head.id)) continue
    if (head.size === undefined) throw new DamagedAudioError('an element without a size is none that may lack it', head.offset)
    if (!TAKEN.has(head.id)) {
      cut = await reader.skip(head.size) < head.size
      continue
    }
    if (head.size > MAX_TAKEN_BYTES) throw new DamagedAudioError(`an element of ${head.size} bytes`, head.offset)
    const data = await reader.take(head.size)
    if (data.length < head.size) {
      cut = true
      break
    }
    const ready = takeElement(state, head, data, reader.offset - data.length)
    if (ready !== undefined) yield ready
  }
  if (state.block !== undefined) yield state.block
  if (state.track === undefined) throw new DamagedAudioError('the file ends before its tracks are described', reader.offset)
  if (cut || (end !== undefined && reader.offset < end)) onDamage?.({ kind: 'truncated', offset: reader.offset, message: 'the file ends early' })
}

interface State {
  scaleNs: number
  clusterAt: number
  track: OpusTrack | undefined
  /** Kept until it is known that no padding follows it. */
  block: OpusBlock | undefined
}

function takeElement (state: State, { id }: ElementHead, data: Uint8Array, offset: number): OpusBlock | undefined {
  if (id === TRACKS) {
    state.track ??= findOpusTrack(data, offset)
  } else if (id === INFO) {
    for (const child of elements(data, offset)) if (child.id === TIMESTAMP_SCALE) state.scaleNs = unsigned(child.data, child.offset)
  } else if (id === TIMESTAMP) {
    state.clusterAt = unsigned(data, offset)
  } else if (id === DISCARD_PADDING) {
    if (state.block !== undefined) state.block.discardNs = Math.max(0, unsigned(data, offset))
  } else {
    const block = parseBlock(state, data, offset)
    if (block === undefined) return undefined
    const before = state.block
    state.block = block
    return before
  }
  return undefined
}

function parseBlock ({ track, clusterAt, scaleNs }: State, data: Uint8Array, offset: number): OpusBlock | undefined {
  const number = variable(data, 0)
  if (number === undefined || data.length < number.length + 3) throw new DamagedAudioError('a block is cut', offset)
  if (track === undefined) throw new DamagedAudioError('sound comes before its track is described', offset)
  if (number.value !== track.number) return undefined
  const view = new DataView(data.buffer, data.byteOffset + number.length)
  const packets = unlace(data.subarray(number.length + 3), view.getUint8(2) >> 1 & 3, offset)
  return { offset, track, packets, timeMs: (clusterAt + view.getInt16(0)) * scaleNs / 1e6, discardNs: 0 }
}
