import type { AbortOptions } from '@parley/core'
import type { AudioSource, OnDamage } from './audio.ts'
import { createByteReader } from './byte-reader.ts'
import { DamagedAudioError, UnsupportedAudioError } from './errors.ts'
import { readOgg } from './ogg/read-ogg-opus.ts'
import { readWebm } from './webm/read-webm.ts'
import { readWav } from './wav/read-wav.ts'

export interface OpenAudioOptions extends AbortOptions {
  /** A file name or media type, quoted in the error when the bytes themselves say nothing. */
  hint?: string
  /** Told of what was damaged and worked around, such as a file that ends early. */
  onDamage?: OnDamage
}

/** First bytes of what is known and not taken; `at` is where they begin. */
const OTHERS: { at: number, text: string, seen: string }[] = [
  { at: 0, text: 'ID3', seen: 'an MP3 file' },
  { at: 0, text: 'fLaC', seen: 'a FLAC file' },
  { at: 4, text: 'ftyp', seen: 'an MP4 file' },
  { at: 0, text: 'FORM', seen: 'an AIFF file' },
  { at: 0, text: 'caff', seen: 'a Core Audio file' },
  { at: 0, text: '.snd', seen: 'a Sun audio file' },
  { at: 0, text: '#!AMR', seen: 'an AMR file' },
  { at: 0, text: 'MThd', seen: 'a MIDI file' },
  { at: 0, text: '0&²u', seen: 'a Windows Media file' },
  { at: 0, text: 'RIFX', seen: 'a big-endian WAV file' },
  { at: 8, text: 'AVI ', seen: 'an AVI file' }
]

/**
 * Opens audio from a whole file or a stream of it: WAV, Ogg Opus or WebM Opus,
 * told apart by their first bytes. They are read as they arrive.
 *
 * @throws {UnsupportedAudioError} that says what was seen and what is taken
 * @throws {DamagedAudioError} with the byte offset; also later, while the source is read
 */
export async function openAudio (bytes: AsyncIterable<Uint8Array> | Uint8Array, { hint, onDamage, signal }: OpenAudioOptions = {}): Promise<AudioSource> {
  signal?.throwIfAborted()
  const reader = createByteReader(bytes)
  try {
    const head = String.fromCharCode(...await reader.peek(12))
    if (['RIFF', 'RF64', 'BW64'].includes(head.slice(0, 4)) && head.slice(8) === 'WAVE') return await readWav(reader, { onDamage })
    if (head.startsWith('OggS')) return await readOgg(reader, { onDamage, ...bytes instanceof Uint8Array ? { whole: bytes } : {} })
    if (head.startsWith('\x1aE\xdf\xa3')) return await readWebm(reader, { onDamage })
    if (head.length < 12 && ['RIFF', 'RF64', 'OggS', '\x1aE\xdf\xa3'].some(magic => head.startsWith(magic))) throw new DamagedAudioError('the file ends within its first words', head.length)
    throw new UnsupportedAudioError(describe(head, hint))
  } catch (error) {
    await reader.close()
    throw error
  }
}

function describe (head: string, hint: string | undefined): string {
  if (head.length === 0) return 'an empty file'
  const known = OTHERS.find(({ at, text }) => head.startsWith(text, at))
  if (known !== undefined) return known.seen
  // An MPEG audio frame begins with eleven set bits.
  if (head.charCodeAt(0) === 0xff && (head.charCodeAt(1) & 0xe0) === 0xe0) return (head.charCodeAt(1) & 6) === 0 ? 'an AAC file' : 'an MP3 file'
  const first = Array.from(head.slice(0, 4), letter => letter.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
  return `no audio file that is known (its first bytes are ${first}${hint === undefined ? '' : `, it is called ${hint.slice(0, 100)}`})`
}
