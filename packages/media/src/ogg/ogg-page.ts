import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError } from '../errors.ts'
import { pageChecksum } from './crc.ts'

/** Flags of a page (RFC 3533 section 6). */
export const CONTINUED = 1
export const FIRST = 2
export const LAST = 4

export interface OggPage {
  /** Where it begins, in bytes from the start of the file. */
  offset: number
  flags: number
  /** Samples up to the end of the last packet that ends here; undefined when none does. */
  granule: number | undefined
  serial: number
  sequence: number
  /** The pieces of packets; a last one of 255 bytes, or a multiple, goes on with the next page. */
  lacing: Uint8Array
  body: Uint8Array
}

/**
 * Takes one page, or undefined at the end of the file. A page that is cut by
 * the end is left out: without all of it, it cannot be checked.
 *
 * @throws {DamagedAudioError}
 */
export async function takePage (reader: ByteReader, truncated: (offset: number) => void): Promise<OggPage | undefined> {
  const offset = reader.offset
  const head = await reader.peek(27)
  if (head.length === 0) return undefined
  if (!'OggS'.startsWith(String.fromCharCode(...head.subarray(0, 4)))) throw new DamagedAudioError('no page begins where one should', offset)
  const laced = head.length < 27 ? head : await reader.peek(27 + (head[26] ?? 0))
  const size = laced.subarray(27).reduce((sum, length) => sum + length, laced.length)
  if (head.length < 27 || laced.length < 27 + (head[26] ?? 0) || (await reader.peek(size)).length < size) {
    truncated(offset)
    await reader.skip(Infinity)
    return undefined
  }
  const page = await reader.take(size)
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  if (view.getUint32(22, true) !== pageChecksum(page)) throw new DamagedAudioError('the checksum of a page is wrong', offset)
  if (page[4] !== 0) throw new DamagedAudioError(`a page of version ${page[4]}`, offset)
  const granule = view.getBigInt64(6, true)
  if (granule < -1n || granule > BigInt(Number.MAX_SAFE_INTEGER)) throw new DamagedAudioError('the position of a page is no number of samples', offset)
  return {
    offset,
    flags: page[5] ?? 0,
    granule: granule === -1n ? undefined : Number(granule),
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    lacing: page.subarray(27, 27 + (page[26] ?? 0)),
    body: page.subarray(27 + (page[26] ?? 0))
  }
}

/** Writes a page of whole packets; at most 255 pieces. */
export function pageBytes ({ flags, granule, serial, sequence }: { flags: number, granule: number, serial: number, sequence: number }, packets: Uint8Array[]): Uint8Array {
  const lacing = packets.flatMap(packet => [...new Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255])
  const page = new Uint8Array(27 + lacing.length + packets.reduce((sum, packet) => sum + packet.length, 0))
  const view = new DataView(page.buffer)
  page.set([0x4f, 0x67, 0x67, 0x53, 0, flags])
  view.setBigInt64(6, BigInt(granule), true)
  view.setUint32(14, serial, true)
  view.setUint32(18, sequence, true)
  page[26] = lacing.length
  page.set(lacing, 27)
  let at = 27 + lacing.length
  for (const packet of packets) {
    page.set(packet, at)
    at += packet.length
  }
  view.setUint32(22, pageChecksum(page), true)
  return page
}

/** How many pieces a packet takes in a page's lacing. */
export function piecesOf (packet: Uint8Array): number {
  return Math.floor(packet.length / 255) + 1
}
