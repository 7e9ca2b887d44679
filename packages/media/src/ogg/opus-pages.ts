import type { OnDamage } from '../audio.ts'
import type { ByteReader } from '../byte-reader.ts'
import { DamagedAudioError, UnsupportedAudioError } from '../errors.ts'
import { FIRST, LAST, takePage, type OggPage } from './ogg-page.ts'
import { parseOpusHead, type OpusHead } from './opus-head.ts'
import { createPacketiser, type PagePackets, type Packetiser } from './packetiser.ts'

/** The audio packets that end on one page. */
export interface AudioPage extends PagePackets {
  offset: number
  granule: number | undefined
  last: boolean
  /** Set on the first page of a link: the file's only one, or one of a chain. */
  head: OpusHead | undefined
}

/** First bytes of the streams that Ogg holds besides Opus. */
const CODECS: [string, string][] = [['\x01vorbis', 'Vorbis'], ['\x7fFLAC', 'FLAC'], ['Speex   ', 'Speex'], ['\x80theora', 'Theora'], ['fishead', 'Skeleton']]

/**
 * Yields the pages of the Opus streams, one link of a chain after the other;
 * pages of other streams between them are passed over.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError}
 */
export async function * opusPages (reader: ByteReader, onDamage: OnDamage | undefined): AsyncGenerator<AudioPage> {
  const truncated = (offset: number): void => { onDamage?.({ kind: 'truncated', offset, message: 'the file ends within a page, which is left out' }) }
  const others: string[] = []
  let link: Link | undefined
  let cut = false
  for (;;) {
    if (link?.ended === true && String.fromCharCode(...await reader.peek(4)) !== 'OggS') break
    const page = await takePage(reader, offset => {
      cut = true
      truncated(offset)
    })
    if (page === undefined) break
    if ((page.flags & FIRST) !== 0) {
      const opened = openLink(page)
      if (opened === undefined) others.push(codecOf(page))
      // Of several Opus streams side by side the first one is heard.
      else if (link === undefined || link.ended) link = opened
      continue
    }
    if (link === undefined) throw new UnsupportedAudioError(`an Ogg file of ${others.join(' and ')}`)
    if (page.serial !== link.serial || link.ended) continue
    const audio = addPage(link, page)
    if (audio !== undefined) yield audio
  }
  if (link === undefined) {
    if (cut || others.length === 0) throw new DamagedAudioError('the file ends before its headers do', reader.offset)
    throw new UnsupportedAudioError(`an Ogg file of ${others.join(' and ')}`)
  }
  if (!link.tagged) throw new DamagedAudioError('the file ends before its audio', reader.offset)
  if (!link.ended && !cut) onDamage?.({ kind: 'truncated', offset: reader.offset, message: 'the file ends without its last page' })
  if ((await reader.peek(1)).length > 0) onDamage?.({ kind: 'gap', offset: reader.offset, message: 'the bytes after the last page are no Ogg and are left out' })
}

interface Link {
  serial: number
  packetiser: Packetiser
  /** Until its first audio page was yielded. */
  head: OpusHead | undefined
  tagged: boolean
  ended: boolean
}

function openLink (page: OggPage): Link | undefined {
  if (!startsWith(page.body, 'OpusHead')) return undefined
  const packet = page.body.subarray(0, page.lacing[0])
  return { serial: page.serial, packetiser: createPacketiser(page), head: parseOpusHead(packet, page.offset), tagged: false, ended: (page.flags & LAST) !== 0 }
}

function addPage (link: Link, page: OggPage): AudioPage | undefined {
  const { packets, lost } = link.packetiser.add(page)
  if ((page.flags & LAST) !== 0) link.ended = true
  if (!link.tagged) {
    const tags = packets.shift()
    if (tags === undefined && !link.packetiser.open && lost) throw new DamagedAudioError('the comment header is missing', page.offset)
    if (tags === undefined) return undefined
    if (!startsWith(tags, 'OpusTags')) throw new DamagedAudioError('the comment header is missing', page.offset)
    link.tagged = true
    // Audio begins on a page of its own (RFC 7845 section 3); what shares the tags' page is taken all the same.
    if (packets.length === 0) return undefined
  }
  const { head } = link
  link.head = undefined
  return { packets, lost, offset: page.offset, granule: page.granule, last: link.ended, head }
}

function codecOf (page: OggPage): string {
  return CODECS.find(([magic]) => startsWith(page.body, magic))?.[1] ?? 'an unknown codec'
}

function startsWith (bytes: Uint8Array, magic: string): boolean {
  return magic === String.fromCharCode(...bytes.subarray(0, magic.length))
}
