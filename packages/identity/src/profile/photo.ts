import { RAW, cidOf, type CID, type RandomBytes } from '@parley/core'
import { decryptContent, encryptContent } from '../content.ts'
import { InvalidPhotoError } from './errors.ts'
import type { Photo } from './profile-fields.ts'

/** A photo is never larger. */
export const MAX_PHOTO_BYTES = 256 * 1024
/** A photo is never wider or higher. */
export const MAX_PHOTO_PIXELS = 1024

const AAD = new TextEncoder().encode('parley/1/profile-photo')

/** What the first bytes of a picture say. */
export interface PhotoHeader {
  mediaType: Photo['mediaType']
  width: number
  height: number
}

/**
 * Reads type and size from the first bytes of a PNG, JPEG or WebP; the picture itself is not decoded.
 *
 * @throws {InvalidPhotoError} when it is none of them
 */
export function readPhotoHeader (bytes: Uint8Array): PhotoHeader {
  const header = readPng(bytes) ?? readJpeg(bytes) ?? readWebp(bytes)
  if (header === undefined) throw new InvalidPhotoError('it is no PNG, JPEG or WebP')
  if (header.width < 1 || header.height < 1 || header.width > MAX_PHOTO_PIXELS || header.height > MAX_PHOTO_PIXELS) throw new InvalidPhotoError(`it has ${header.width} by ${header.height} pixels, the most is ${MAX_PHOTO_PIXELS} by ${MAX_PHOTO_PIXELS}`)
  return header
}

/** Checks a picture against what a profile says of it. @throws {InvalidPhotoError} */
export function checkPhoto (photo: Photo, bytes: Uint8Array): void {
  if (bytes.byteLength !== photo.sizeBytes || bytes.byteLength > MAX_PHOTO_BYTES) throw new InvalidPhotoError(`it has ${bytes.byteLength} bytes where ${photo.sizeBytes} were announced`)
  const { mediaType, width, height } = readPhotoHeader(bytes)
  if (mediaType !== photo.mediaType) throw new InvalidPhotoError(`it is ${mediaType} where ${photo.mediaType} was announced`)
  if (width !== photo.width || height !== photo.height) throw new InvalidPhotoError('its size in pixels is not the announced one')
}

/**
 * Makes the block of a photo and what a profile says of it. A photo that is not
 * for everybody is encrypted under a key of its own, which the tier carries:
 * whoever merely keeps the block cannot look at it.
 *
 * @throws {InvalidPhotoError}
 */
export function sealPhoto (bytes: Uint8Array, { isPublic, random }: { isPublic: boolean, random: RandomBytes }): { photo: Photo, cid: CID, block: Uint8Array } {
  if (bytes.byteLength > MAX_PHOTO_BYTES) throw new InvalidPhotoError(`it has ${bytes.byteLength} bytes, the limit is ${MAX_PHOTO_BYTES}`)
  const key = isPublic ? undefined : new Uint8Array(random(32))
  const block = key === undefined ? bytes.slice() : encryptContent(key, bytes, AAD, random)
  const cid = cidOf(block, RAW)
  return { photo: { cid, ...(key === undefined ? {} : { key }), sizeBytes: bytes.byteLength, ...readPhotoHeader(bytes) }, cid, block }
}

/** Opens the block of a photo and checks it. @throws {UndecryptableError | InvalidPhotoError} */
export function openPhoto (photo: Photo, block: Uint8Array): Uint8Array {
  const bytes = photo.key === undefined ? block : decryptContent(photo.key, block, AAD)
  checkPhoto(photo, bytes)
  return bytes
}

function begins (bytes: Uint8Array, at: number, text: string): boolean {
  return bytes.byteLength >= at + text.length && Array.from(text).every((letter, index) => bytes[at + index] === letter.charCodeAt(0))
}

function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readPng (bytes: Uint8Array): PhotoHeader | undefined {
  if (bytes.byteLength < 33 || !begins(bytes, 0, '\x89PNG\r\n\x1a\n') || !begins(bytes, 12, 'IHDR')) return undefined
  const view = viewOf(bytes)
  return { mediaType: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** Walks the segments to the frame header (ITU-T T.81, B.2.2): SOF0 to SOF15 but DHT, JPG and DAC. */
function readJpeg (bytes: Uint8Array): PhotoHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  const view = viewOf(bytes)
  for (let at = 2; at + 9 <= bytes.byteLength;) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return { mediaType: 'image/jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    // Start of scan: a frame header would have come before it.
    if (marker === 0xda) return undefined
    const length = view.getUint16(at + 2)
    if (length < 2) return undefined
    at += 2 + length
  }
  return undefined
}

/** https://developers.google.com/speed/webp/docs/riff_container, and RFC 6386 for VP8. */
function readWebp (bytes: Uint8Array): PhotoHeader | undefined {
  if (bytes.byteLength < 30 || !begins(bytes, 0, 'RIFF') || !begins(bytes, 8, 'WEBP')) return undefined
  const view = viewOf(bytes)
  const mediaType = 'image/webp'
  const uint24 = (at: number): number => view.getUint16(at, true) | view.getUint8(at + 2) << 16
  if (begins(bytes, 12, 'VP8X')) return { mediaType, width: 1 + uint24(24), height: 1 + uint24(27) }
  if (begins(bytes, 12, 'VP8L') && bytes[20] === 0x2f) {
    const bits = view.getUint32(21, true)
    return { mediaType, width: 1 + (bits & 0x3fff), height: 1 + (bits >>> 14 & 0x3fff) }
  }
  if (begins(bytes, 12, 'VP8 ') && begins(bytes, 23, '\x9d\x01\x2a')) return { mediaType, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  return undefined
}
