import { DamagedAudioError, UnsupportedAudioError } from '../errors.ts'
import { parseOpusHead, type OpusHead } from '../ogg/opus-head.ts'
import { elements, unsigned } from './ebml.ts'

/** Ids of RFC 9559. */
const TRACK_ENTRY = 0xae
const TRACK_NUMBER = 0xd7
const TRACK_TYPE = 0x83
const CODEC_ID = 0x86
const CODEC_PRIVATE = 0x63a2
const CONTENT_ENCODINGS = 0x6d80
const AUDIO = 2

export interface OpusTrack { number: number, head: OpusHead }

interface Track { number: number, type: number, codec: string, description: Uint8Array | undefined, encoded: boolean }

/**
 * Finds the first Opus track in a Tracks element.
 *
 * @throws {UnsupportedAudioError | DamagedAudioError}
 */
export function findOpusTrack (tracks: Uint8Array, offset: number): OpusTrack {
  const sounds: Track[] = []
  for (const entry of elements(tracks, offset)) {
    if (entry.id !== TRACK_ENTRY) continue
    const track = parseTrack(entry.data, entry.offset)
    if (track.type === AUDIO) sounds.push(track)
  }
  const opus = sounds.find(track => track.codec === 'A_OPUS')
  if (opus === undefined) throw new UnsupportedAudioError(sounds.length === 0 ? 'a WebM file without sound' : `a WebM file of ${sounds.map(track => track.codec).join(' and ')}`)
  if (opus.encoded) throw new UnsupportedAudioError('a WebM file whose sound is compressed or encrypted once more')
  if (opus.description === undefined) throw new DamagedAudioError('the Opus track has no header', offset)
  const head = parseOpusHead(opus.description, offset)
  if (head.streams !== 1 || head.channels > 2) throw new UnsupportedAudioError(`a WebM file of Opus with ${head.channels} channels`)
  return { number: opus.number, head }
}

function parseTrack (entry: Uint8Array, offset: number): Track {
  const track: Track = { number: 0, type: 0, codec: 'an unknown codec', description: undefined, encoded: false }
  for (const { id, data, offset: at } of elements(entry, offset)) {
    if (id === TRACK_NUMBER) track.number = unsigned(data, at)
    else if (id === TRACK_TYPE) track.type = unsigned(data, at)
    else if (id === CODEC_ID) track.codec = new TextDecoder().decode(data.subarray(0, 40)).replaceAll('\0', '')
    else if (id === CODEC_PRIVATE) track.description = data
    else if (id === CONTENT_ENCODINGS) track.encoded = true
  }
  return track
}
