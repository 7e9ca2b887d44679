import { InvalidThumbnailError } from './errors.ts'
import { MAX_THUMBNAIL_BYTES, MAX_THUMBNAIL_PIXELS } from './limits.ts'
import { sniffMediaType } from './media-type.ts'

/** A small picture of a file, inside the action that attaches it. */
export interface FileThumbnail {
  mediaType: 'image/png' | 'image/jpeg' | 'image/webp'
  /** At most 16 KiB. */
  bytes: Uint8Array
  /** Pixels, as the picture's own header says. */
  width: number
  height: number
}

interface Size { width: number, height: number }

const READERS: Record<string, (bytes: Uint8Array) => Size | undefined> = {
  'image/png': pngSize,
  'image/jpeg': jpegSize,
  'image/webp': webpSize
}

/**
 * Takes a picture that an app made for a thumbnail: its kind and size are read
 * from its own header. Only the header is looked at.
 *
 * @throws {InvalidThumbnailError} no PNG, JPEG or WebP, more than 16 KiB, or more than 1024 pixels in a direction
 */
export function toThumbnail (bytes: Uint8Array): FileThumbnail {
  if (bytes.byteLength > MAX_THUMBNAIL_BYTES) throw new InvalidThumbnailError(`it has ${bytes.byteLength} bytes, the limit is ${MAX_THUMBNAIL_BYTES}`)
  const { mediaType } = sniffMediaType(bytes)
  const size = READERS[mediaType]?.(bytes)
  if (!isThumbnailType(mediaType) || size === undefined) throw new InvalidThumbnailError('it is no whole header of a PNG, JPEG or WebP picture')
  const { width, height } = size
  if (width < 1 || height < 1 || width > MAX_THUMBNAIL_PIXELS || height > MAX_THUMBNAIL_PIXELS) throw new InvalidThumbnailError(`it has ${width} × ${height} pixels, the limit is ${MAX_THUMBNAIL_PIXELS} each`)
  return { mediaType, bytes, width, height }
}

/** Tells whether what came from somebody else is a thumbnail as `toThumbnail` makes it: its fields say what its bytes say. */
export function isThumbnail (value: { mediaType: string, bytes: Uint8Array, width: number, height: number }): value is FileThumbnail {
  try {
    const { mediaType, width, height } = toThumbnail(value.bytes)
    return mediaType === value.mediaType && width === value.width && height === value.height
  } catch (error) {
    if (error instanceof InvalidThumbnailError) return false
    throw error
  }
}

function isThumbnailType (mediaType: string): mediaType is FileThumbnail['mediaType'] {
  return mediaType in READERS
}

function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The IHDR chunk comes first (PNG, 5.6). */
function pngSize (bytes: Uint8Array): Size | undefined {
  const view = viewOf(bytes)
  if (bytes.byteLength < 33 || view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452) return undefined
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** The first start-of-frame segment (ITU-T T.81, B.2.2). */
function jpegSize (bytes: Uint8Array): Size | undefined {
  const view = viewOf(bytes)
  let at = 2
  while (at + 9 <= bytes.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at++
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    const length = view.getUint16(at + 2)
    if (length < 2) return undefined
    at += 2 + length
  }
  return undefined
}

/** The three kinds of first chunk (RFC 9649). */
function webpSize (bytes: Uint8Array): Size | undefined {
  if (bytes.byteLength < 30) return undefined
  const view = viewOf(bytes)
  const kind = String.fromCharCode(...bytes.subarray(12, 16))
  if (kind === 'VP8X') return { width: 1 + view.getUint8(24) + (view.getUint16(25, true) << 8), height: 1 + view.getUint8(27) + (view.getUint16(28, true) << 8) }
  if (kind === 'VP8 ' && view.getUint8(23) === 0x9d) return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (kind === 'VP8L' && view.getUint8(20) === 0x2f) {
    const bits = view.getUint32(21, true)
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
  }
  return undefined
}
