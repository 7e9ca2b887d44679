import { MAX_FILE_NAME_BYTES } from './limits.ts'

/** Path separators, control characters, and those that turn the direction of text, by which `exe.txt` can be made of `txt.exe`. */
const BANNED = /[/\\\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const BANNED_ALL = new RegExp(BANNED, 'gu')
/** What file systems of Windows do not take. */
const RESERVED_CHARS = /[<>:"|?*]/g
/** Names of devices there, with any ending. */
const RESERVED_NAMES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i
const FALLBACK = 'file'

const encoder = new TextEncoder()

/** Tells whether a text may be the name of an attached file: no path, no control characters, 1 to 255 bytes of UTF-8. */
export function isFileName (text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && text.isWellFormed() && !BANNED.test(text) && encoder.encode(text).byteLength <= MAX_FILE_NAME_BYTES
}

/**
 * Returns a name under which a file can be saved on any system, whatever its
 * author called it: no path, no reserved names or characters, no dots or
 * spaces at its ends, at most 255 bytes with its ending kept.
 */
export function safeFileName (name: string): string {
  const lastPart = name.toWellFormed().split(/[/\\]/).findLast(part => part.trim() !== '') ?? ''
  const plain = lastPart.replace(BANNED_ALL, '').replace(RESERVED_CHARS, '_').replace(/^[\s.]+|[\s.]+$/gu, '')
  const free = RESERVED_NAMES.test(plain) ? `_${plain}` : plain
  return shorten(free === '' ? FALLBACK : free)
}

function shorten (name: string): string {
  if (encoder.encode(name).byteLength <= MAX_FILE_NAME_BYTES) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : ''
  const room = MAX_FILE_NAME_BYTES - encoder.encode(ending).byteLength
  let stem = ''
  let used = 0
  // By code points: half of one is no text.
  for (const point of name.slice(0, name.length - ending.length)) {
    used += encoder.encode(point).byteLength
    if (used > room) break
    stem += point
  }
  return stem.replace(/[\s.]+$/u, '') + ending
}
