/** RFC 3533 section 6: polynomial 0x04c11db7, neither reflected nor inverted, starting at 0. */
const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit++) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1
  return value >>> 0
})

/** The checksum of an Ogg page whose checksum field is taken as zero. */
export function pageChecksum (page: Uint8Array): number {
  let crc = 0
  for (let index = 0; index < page.length; index++) {
    const byte = index >= 22 && index < 26 ? 0 : page[index] as number
    crc = (crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] as number)
  }
  return crc >>> 0
}
