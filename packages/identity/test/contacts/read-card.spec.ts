import { contactUrl, decodePng, didFromPublicKey, qrSvg, readCard, readQr, type Pixels } from '@parley/identity'
import { expect } from 'chai'
import { deflateSync } from 'node:zlib'
import encodeQR from 'qr'
import fc from 'fast-check'
import { secret, somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

const chunk = (type: string, data: Uint8Array): Buffer => Buffer.concat([Buffer.from(Uint32Array.of(data.byteLength).buffer).reverse(), Buffer.from(type), data, Buffer.alloc(4)])

/** Writes a PNG of gray values; `filter` is used for every row but none of them undoes itself. */
function png ({ width, height, data }: Pixels, color: 0 | 2 | 3 | 4 | 6, depth = 8, filter = 0): Uint8Array {
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[color]
  const rowBytes = Math.ceil(width * channels * depth / 8)
  const plain = new Uint8Array(rowBytes * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const gray = data[(y * width + x) * 4] ?? 0
      for (let part = 0; part < channels; part++) {
        const isAlpha = color >= 4 && part === channels - 1
        if (depth === 8) plain[y * rowBytes + x * channels + part] = isAlpha ? 255 : color === 3 ? Number(gray > 127) : gray
        else plain[y * rowBytes + (x >> 3)] = (plain[y * rowBytes + (x >> 3)] ?? 0) | Number(gray > 127) << (7 - (x & 7))
      }
    }
  }
  const step = Math.max(1, channels * depth / 8)
  const rows = Buffer.alloc((rowBytes + 1) * height)
  for (let y = 0; y < height; y++) {
    rows[y * (rowBytes + 1)] = filter
    for (let at = 0; at < rowBytes; at++) {
      const left = at < step ? 0 : plain[y * rowBytes + at - step] ?? 0
      const up = y === 0 ? 0 : plain[(y - 1) * rowBytes + at] ?? 0
      const corner = at < step || y === 0 ? 0 : plain[(y - 1) * rowBytes + at - step] ?? 0
      const paeth = [left, up, corner].sort((a, b) => Math.abs(left + up - corner - a) - Math.abs(left + up - corner - b))[0] ?? 0
      rows[y * (rowBytes + 1) + 1 + at] = (plain[y * rowBytes + at] ?? 0) - ([0, left, up, (left + up) >> 1, paeth][filter] ?? 0)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, color, 0, 0, 0], 8)
  const palette = color === 3 ? [chunk('PLTE', Uint8Array.of(0, 0, 0, 255, 255, 255))] : []
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), ...palette, chunk('IDAT', deflateSync(rows)), chunk('IEND', new Uint8Array(0))])
}

/** What a camera sees of a code. */
function photograph (text: string, scale = 4): Pixels {
  const modules = encodeQR(text.toUpperCase(), 'raw', { ecc: 'low', border: 4 })
  const size = modules.length * scale
  const data = new Uint8Array(size * size * 4).fill(255)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) if (modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true) data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3)
  }
  return { width: size, height: size, data }
}

describe('a contact card', () => {
  it('is read from a URL, the text of a QR code, a file, a picture, and pixels', async function () {
    this.timeout(20_000)
    const { card } = await somebody(1, 'Bob')
    const url = contactUrl(card)
    const pixels = photograph(url)
    for (const source of [{ text: ` ${url}\n` }, { text: url.toUpperCase() }, { file: card.bytes }, { pixels }, { picture: png(pixels, 0) }]) {
      expect(await readCard(source)).to.deep.equal(card)
    }
    expect(qrSvg(url)).to.contain('<svg')
  })

  it('is fetched for a DID, and only taken when it is that person’s', async () => {
    const [bob, eve] = [await somebody(1, 'Bob'), await somebody(10, 'Eve')]
    const did = bob.person.did
    expect(await readCard({ text: did }, { fetchCard: async () => bob.card.bytes })).to.deep.equal(bob.card)
    expect(await nameOfError(async () => await readCard({ text: did }, { fetchCard: async () => eve.card.bytes }))).to.equal('WrongPersonError')
    expect(await nameOfError(async () => await readCard({ text: did }, { fetchCard: async () => undefined }))).to.equal('CardNotFoundError')
    expect(await nameOfError(async () => await readCard({ text: did }))).to.equal('CardNotFoundError')
    expect(await nameOfError(async () => await readCard({ file: bob.card.bytes }, { expect: eve.person.did }))).to.equal('WrongPersonError')
    expect(await nameOfError(async () => await readCard({ text: 'did:web:example.org' }, { fetchCard: async () => bob.card.bytes }))).to.equal('InvalidDidError')
    expect(await nameOfError(async () => await readCard({ text: didFromPublicKey(secret(3)) + 'x' }))).to.equal('InvalidDidError')
  })
})

describe('a picture', () => {
  const pixels: Pixels = { width: 9, height: 5, data: Uint8Array.from({ length: 9 * 5 * 4 }, (_value, index) => index % 4 === 3 ? 255 : Math.floor(index / 4) * 37 % 2 === 0 ? 255 : 0) }

  it('is decoded as it was drawn, in every kind and with every filter', async () => {
    for (const color of [0, 2, 3, 4, 6] as const) {
      for (const filter of [0, 1, 2, 3, 4]) expect(await decodePng(png(pixels, color, 8, filter)), `${color} ${filter}`).to.deep.equal(pixels)
    }
    for (const color of [0, 3] as const) expect(await decodePng(png(pixels, color, 1))).to.deep.equal(pixels)
  })

  it('that is none, or larger than it says, is refused by name', async () => {
    const whole = png(pixels, 2)
    const huge = Uint8Array.from(whole)
    new DataView(huge.buffer).setUint32(16, 0xffff_ffff)
    const lower = Uint8Array.from(whole)
    new DataView(lower.buffer).setUint32(20, 2)
    for (const bytes of [new Uint8Array(0), whole.subarray(0, 40), huge, lower, new Uint8Array(9 * 1024 * 1024)]) {
      expect(await nameOfError(async () => await decodePng(bytes))).to.equal('UnreadablePictureError')
    }
    expect(await nameOfError(() => readQr({ width: 10, height: 10, data: new Uint8Array(400) }))).to.equal('UnreadablePictureError')
    expect(await nameOfError(() => readQr({ width: 10, height: 10, data: new Uint8Array(5) }))).to.equal('UnreadablePictureError')
  })

  it('altered anywhere never crashes the reader', async () => {
    const whole = png(pixels, 6, 8, 4)
    await fc.assert(fc.asyncProperty(fc.nat(whole.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      expect(await nameOfError(async () => await decodePng(whole.map((byte, index) => index === at ? byte ^ by : byte)))).to.be.oneOf(['no error', 'UnreadablePictureError'])
    }), { numRuns: 1000, seed: 5 })
  })
})
