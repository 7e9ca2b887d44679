import { deflateSync } from 'node:zlib'
import encodeQR from 'qr'
import { concat } from 'uint8arrays'

const MODULE_PIXELS = 4

/** Writes a gray PNG that shows a text as a QR code. */
export function qrPicture (text: string): Uint8Array {
  const modules = encodeQR(text, 'raw', { ecc: 'low', border: 4, scale: MODULE_PIXELS })
  const side = modules.length
  const rows = modules.map(row => Uint8Array.of(0, ...row.map(dark => dark ? 0 : 255)))
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, side)
  view.setUint32(4, side)
  header[8] = 8
  return concat([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), chunk('IHDR', header), chunk('IDAT', deflateSync(concat(rows))), chunk('IEND', new Uint8Array(0))])
}

function chunk (type: string, body: Uint8Array): Uint8Array {
  const named = concat([new TextEncoder().encode(type), body])
  const [length, check] = [new Uint8Array(4), new Uint8Array(4)]
  new DataView(length.buffer).setUint32(0, body.byteLength)
  new DataView(check.buffer).setUint32(0, crc32(named))
  return concat([length, named, check])
}

/** As PNG has it (RFC 2083, appendix 15). */
function crc32 (bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
