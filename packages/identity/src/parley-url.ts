import { base32 } from 'multiformats/bases/base32'
import { InvalidUrlError } from './errors.ts'

/** Writes bytes as `parley:<path><base32>`: RFC 4648, lower case, no padding. */
export function parleyUrl (path: string, bytes: Uint8Array): string {
  return `parley:${path}${base32.baseEncode(bytes)}`
}

/**
 * Returns the bytes of such a URL. Upper and lower case are the same, since a
 * QR code holds upper case letters in less room; white space, which mail
 * programs and terminals put into long lines, is passed over.
 *
 * @throws {InvalidUrlError}
 */
export function bytesOfParleyUrl (what: string, path: string, text: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const prefix = `parley:${path}`
  // Eight characters hold five bytes; the rest is room for white space.
  if (text.length > 4 * maxBytes) throw new InvalidUrlError(what, 'it is too long')
  const compact = text.replace(/\s+/g, '').toLowerCase()
  if (!compact.startsWith(prefix)) throw new InvalidUrlError(what, `it does not begin with ${prefix}`)
  const encoded = compact.slice(prefix.length)
  try {
    const bytes = new Uint8Array(base32.baseDecode(encoded))
    if (bytes.byteLength > 0 && base32.baseEncode(bytes) === encoded) return bytes
  } catch (cause) {
    throw new InvalidUrlError(what, 'it was copied incompletely or altered', { cause })
  }
  throw new InvalidUrlError(what, 'it was copied incompletely or altered')
}
