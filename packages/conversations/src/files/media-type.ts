import { MAX_MEDIA_TYPE_CHARS } from './limits.ts'

/** How many bytes at the beginning of a file are looked at. */
export const SNIFF_BYTES = 4096

/** What is said of a file whose kind nobody knows. */
export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream'

/** `type/subtype` in lower case (RFC 6838), without parameters. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/

/** Tells whether a text is a media type as attachments carry it: lower case, without parameters. */
export function isMediaType (text: string): boolean {
  return text.length <= MAX_MEDIA_TYPE_CHARS && MEDIA_TYPE.test(text)
}

interface Kind {
  mediaType: string
  isOf: (head: Uint8Array) => boolean
  /** Claims that such bytes do not contradict: a format within a format. */
  fits?: (claimed: string) => boolean
}

const ascii = (head: Uint8Array, at: number, text: string): boolean => {
  for (let index = 0; index < text.length; index++) if (head[at + index] !== text.charCodeAt(index)) return false
  return true
}
const bytes = (head: Uint8Array, list: number[]): boolean => list.every((byte, index) => head[index] === byte)
const has = (head: Uint8Array, text: string): boolean => {
  for (let at = 0; at + text.length <= head.length; at++) if (ascii(head, at, text)) return true
  return false
}
const oneOf = (...list: string[]) => (claimed: string): boolean => list.includes(claimed)
const brand = (...list: string[]) => (head: Uint8Array): boolean => ascii(head, 4, 'ftyp') && list.some(name => ascii(head, 8, name))
const isZipBased = (claimed: string): boolean => claimed.startsWith('application/vnd.') || claimed.endsWith('+zip') || claimed === 'application/java-archive'

/** In this order: what looks like text is asked for last. */
const KINDS: readonly Kind[] = [
  { mediaType: 'image/png', isOf: head => bytes(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), fits: oneOf('image/apng') },
  { mediaType: 'image/jpeg', isOf: head => bytes(head, [0xff, 0xd8, 0xff]) },
  { mediaType: 'image/gif', isOf: head => ascii(head, 0, 'GIF87a') || ascii(head, 0, 'GIF89a') },
  { mediaType: 'image/webp', isOf: head => ascii(head, 0, 'RIFF') && ascii(head, 8, 'WEBP') },
  { mediaType: 'image/avif', isOf: brand('avif', 'avis') },
  { mediaType: 'image/heic', isOf: brand('heic', 'heix', 'mif1'), fits: oneOf('image/heif', 'image/avif') },
  { mediaType: 'audio/mp4', isOf: brand('M4A ', 'M4B '), fits: oneOf('video/mp4') },
  { mediaType: 'video/quicktime', isOf: brand('qt  ') },
  { mediaType: 'video/mp4', isOf: head => ascii(head, 4, 'ftyp'), fits: oneOf('audio/mp4', 'application/mp4', 'video/3gpp', 'audio/3gpp', 'video/quicktime') },
  { mediaType: 'video/webm', isOf: head => isMatroska(head) && has(head.subarray(0, 64), 'webm'), fits: oneOf('audio/webm') },
  { mediaType: 'video/matroska', isOf: isMatroska, fits: oneOf('audio/matroska', 'video/x-matroska', 'audio/x-matroska') },
  { mediaType: 'video/ogg', isOf: head => ascii(head, 0, 'OggS') && has(head.subarray(0, 128), '\x80theora'), fits: oneOf('application/ogg') },
  { mediaType: 'audio/ogg', isOf: head => ascii(head, 0, 'OggS'), fits: oneOf('application/ogg', 'video/ogg', 'audio/opus') },
  { mediaType: 'audio/wav', isOf: head => ascii(head, 0, 'RIFF') && ascii(head, 8, 'WAVE'), fits: oneOf('audio/x-wav', 'audio/wave', 'audio/vnd.wave') },
  { mediaType: 'audio/flac', isOf: head => ascii(head, 0, 'fLaC'), fits: oneOf('audio/x-flac') },
  { mediaType: 'audio/mpeg', isOf: head => ascii(head, 0, 'ID3') || isMpegAudio(head), fits: oneOf('audio/mp3') },
  { mediaType: 'application/pdf', isOf: head => ascii(head, 0, '%PDF-') },
  { mediaType: 'application/zip', isOf: head => bytes(head, [0x50, 0x4b, 3, 4]) || bytes(head, [0x50, 0x4b, 5, 6]), fits: isZipBased },
  { mediaType: 'application/json', isOf: head => isText(head) && /^\s*[[{]/.test(textOf(head)), fits: isTextual },
  { mediaType: 'text/plain', isOf: head => head.length > 0 && isText(head), fits: isTextual }
]

/** What a file is by its first bytes, beside what its author says. */
export interface SniffedType {
  /** The one to show: what the bytes say where they say something, else what was claimed. */
  mediaType: string
  /** The bytes contradict the claim. */
  isMismatch: boolean
}

/**
 * Finds a file's media type by its first bytes (at most 4096 are looked at)
 * and compares it with the claimed one. A label for showing it, never a reason
 * to run it.
 */
export function sniffMediaType (start: Uint8Array, claimed?: string): SniffedType {
  const head = start.subarray(0, SNIFF_BYTES)
  const kind = KINDS.find(({ isOf }) => isOf(head))
  const usable = claimed !== undefined && isMediaType(claimed) && claimed !== UNKNOWN_MEDIA_TYPE ? claimed : undefined
  if (kind !== undefined) {
    const agrees = usable === undefined || usable === kind.mediaType || kind.fits?.(usable) === true
    return { mediaType: agrees ? usable ?? kind.mediaType : kind.mediaType, isMismatch: !agrees }
  }
  // Kinds that begin in one way only, and these bytes do not.
  if (usable !== undefined && head.length > 0 && KINDS.some(({ mediaType }) => mediaType === usable)) return { mediaType: UNKNOWN_MEDIA_TYPE, isMismatch: true }
  return { mediaType: usable ?? UNKNOWN_MEDIA_TYPE, isMismatch: false }
}

function isMatroska (head: Uint8Array): boolean {
  return bytes(head, [0x1a, 0x45, 0xdf, 0xa3])
}

/** A frame of MPEG audio, layer III (ISO 11172-3): sync, version, layer, and neither bit rate nor sample rate that does not exist. */
function isMpegAudio (head: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0] = head
  return a === 0xff && (b & 0xe6) === 0xe2 && (b & 0x18) !== 0x08 && c >> 4 !== 15 && c >> 4 !== 0 && (c & 0x0c) !== 0x0c
}

function isTextual (claimed: string): boolean {
  return claimed.startsWith('text/') || claimed.endsWith('+json') || claimed.endsWith('+xml') || ['application/json', 'application/xml', 'application/javascript'].includes(claimed)
}

function textOf (head: Uint8Array): string {
  return new TextDecoder().decode(head)
}

/** UTF-8 without control characters but white space; the last character may be cut off. */
function isText (head: Uint8Array): boolean {
  if (head.some(byte => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}
