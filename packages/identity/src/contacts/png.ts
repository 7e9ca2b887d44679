import { UnreadablePictureError } from './errors.ts'

/** A picture as rows of pixels from the top, four bytes each: red, green, blue, alpha. */
export interface Pixels {
  width: number
  height: number
  data: Uint8Array | Uint8ClampedArray
}

/** A picture file is never larger. */
export const MAX_PICTURE_BYTES = 8 * 1024 * 1024
/** A picture never has more pixels. */
export const MAX_PICTURE_PIXELS = 16 * 1024 * 1024

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const GRAY = 0
const RGB = 2
const PALETTE = 3
const GRAY_ALPHA = 4
const CHANNELS: Readonly<Record<number, number>> = { [GRAY]: 1, [RGB]: 3, [PALETTE]: 1, [GRAY_ALPHA]: 2, 6: 4 }

interface Header { width: number, height: number, depth: number, color: number, channels: number }

/**
 * Decodes a PNG (https://www.w3.org/TR/png-3/): gray, RGB, with or without
 * alpha, of 8 bits, and gray or palette of 1 to 8, not interlaced. Checksums
 * are not looked at; a code in the picture has its own.
 *
 * @throws {UnreadablePictureError}
 */
export async function decodePng (bytes: Uint8Array): Promise<Pixels> {
  if (bytes.byteLength > MAX_PICTURE_BYTES) throw new UnreadablePictureError(`it has more than ${MAX_PICTURE_BYTES} bytes`)
  const chunks = chunksOf(bytes)
  const header = headerOf(chunks.find(({ type }) => type === 'IHDR')?.data)
  const { width, height, depth, channels } = header
  const rowBytes = Math.ceil(width * channels * depth / 8)
  const rows = await inflate(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data), (rowBytes + 1) * height)
  unfilter(rows, rowBytes, Math.max(1, channels * depth / 8))
  return toPixels(rows, rowBytes, header, chunks.find(({ type }) => type === 'PLTE')?.data)
}

function chunksOf (bytes: Uint8Array): Array<{ type: string, data: Uint8Array }> {
  if (!SIGNATURE.every((byte, index) => bytes[index] === byte)) throw new UnreadablePictureError('it is no PNG')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks: Array<{ type: string, data: Uint8Array }> = []
  for (let at = SIGNATURE.length; at + 12 <= bytes.byteLength;) {
    const size = view.getUint32(at)
    const data = bytes.subarray(at + 8, at + 8 + size)
    if (data.byteLength !== size) throw new UnreadablePictureError('it ends too early')
    chunks.push({ type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), data })
    at += 12 + size
  }
  return chunks
}

function headerOf (data: Uint8Array | undefined): Header {
  if (data?.byteLength !== 13) throw new UnreadablePictureError('it has no header')
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth = 0, color = -1, compression, filter, interlace] = data.subarray(8)
  const channels = CHANNELS[color]
  const isDepth = color === GRAY || color === PALETTE ? [1, 2, 4, 8].includes(depth) : depth === 8
  if (channels === undefined || !isDepth || compression !== 0 || filter !== 0 || interlace !== 0) throw new UnreadablePictureError('it is a kind of PNG that is not read here; save it with 8 bits and not interlaced')
  if (width === 0 || height === 0 || width * height > MAX_PICTURE_PIXELS) throw new UnreadablePictureError(`it has no pixels, or more than ${MAX_PICTURE_PIXELS}`)
  return { width, height, depth, color, channels }
}

/** Inflates to exactly `size` bytes, so that a small file cannot fill the memory. */
async function inflate (parts: Uint8Array[], size: number): Promise<Uint8Array> {
  const out = new Uint8Array(size)
  let at = 0
  try {
    const reader = new Blob(parts.map(part => part.slice())).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (at + read.value.byteLength > size) {
        await reader.cancel().catch(() => {})
        throw new UnreadablePictureError('it has more rows than its header says')
      }
      out.set(read.value, at)
      at += read.value.byteLength
    }
  } catch (cause) {
    if (cause instanceof UnreadablePictureError) throw cause
    throw new UnreadablePictureError('it is damaged', { cause })
  }
  if (at !== size) throw new UnreadablePictureError('it ends too early')
  return out
}

/** Undoes the filters in place (PNG, section 9); each row begins with the number of its filter. */
function unfilter (rows: Uint8Array, rowBytes: number, step: number): void {
  const stride = rowBytes + 1
  for (let start = 0; start < rows.byteLength; start += stride) {
    const filter = rows[start] ?? 0
    if (filter > 4) throw new UnreadablePictureError('it is damaged')
    for (let at = start + 1; at < start + stride; at++) {
      const hasLeft = at - start > step
      const left = hasLeft ? rows[at - step] ?? 0 : 0
      const up = start === 0 ? 0 : rows[at - stride] ?? 0
      const corner = hasLeft && start > 0 ? rows[at - stride - step] ?? 0 : 0
      rows[at] = (rows[at] ?? 0) + predicted(filter, left, up, corner)
    }
  }
}

function predicted (filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const sum = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

function toPixels (rows: Uint8Array, rowBytes: number, { width, height, depth, color, channels }: Header, palette: Uint8Array | undefined): Pixels {
  const data = new Uint8Array(width * height * 4)
  const top = (1 << depth) - 1
  const sample = (row: number, index: number): number => {
    const bit = index * depth
    return ((rows[row + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & top
  }
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * (rowBytes + 1) + 1
    for (let x = 0; x < width; x++, to += 4) {
      const value = sample(row, x * channels)
      const isGray = color === GRAY || color === GRAY_ALPHA
      for (let part = 0; part < 3; part++) {
        data[to + part] = color === PALETTE ? palette?.[value * 3 + part] ?? 0 : isGray ? Math.round(value * 255 / top) : sample(row, x * channels + part)
      }
      const hasAlpha = color > PALETTE
      data[to + 3] = hasAlpha ? sample(row, (x + 1) * channels - 1) : 255
    }
  }
  return { width, height, data }
}
