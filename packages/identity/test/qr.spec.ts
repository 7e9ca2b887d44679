import { contactUrl, parseContactUrl, qrSvg, qrTerminal } from '@parley/identity'
import { expect } from 'chai'
import decodeQR from 'qr/decode.js'
import { somebody } from './support/persons.ts'
import { nameOfError } from './support/rejection.ts'

const SCALE = 4

/** Reads a picture of a terminal: what a camera would see of the half blocks, light modules being drawn. */
function readTerminal (text: string): string {
  const lines = text.replace(/\n$/, '').split('\n').map(line => line.split(''))
  const width = (lines[0]?.length ?? 0) * SCALE
  const height = lines.length * 2 * SCALE
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const character = lines[Math.floor(y / SCALE / 2)]?.[Math.floor(x / SCALE)]
      const light = character === '█' || character === (Math.floor(y / SCALE) % 2 === 0 ? '▀' : '▄')
      data.fill(light ? 255 : 0, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return decodeQR({ width, height, data })
}

describe('a QR code in a terminal', () => {
  it('reads back as the contact it was drawn from', async function () {
    this.timeout(10_000)
    const { card } = await somebody(1, 'Bob')
    const read = readTerminal(qrTerminal(contactUrl(card)))
    expect(read).to.equal(contactUrl(card).toUpperCase())
    expect(await parseContactUrl(read)).to.deep.equal(card)
  })

  it('reads back any other text as it was', () => {
    expect(readTerminal(qrTerminal('https://example.org/Path?a=b'))).to.equal('https://example.org/Path?a=b')
  })

  it('has a quiet zone of four modules and lines of one width', () => {
    const lines = qrTerminal('parley').trimEnd().split('\n')
    expect(new Set(lines.map(line => line.length)).size).to.equal(1)
    expect(lines.slice(0, 2).join('')).to.match(/^█+$/)
    expect(lines.every(line => line.startsWith('████') || line.startsWith('▀▀▀▀'))).to.equal(true)
  })

  it('is refused by name when the text is too long for any', async () => {
    expect(await nameOfError(() => qrTerminal('A'.repeat(4297)))).to.equal('OversizedBytesError')
    expect(await nameOfError(() => qrTerminal('ä'.repeat(2000)))).to.equal('OversizedBytesError')
    expect(await nameOfError(() => qrSvg('A'.repeat(5000)))).to.equal('OversizedBytesError')
  })
})

describe('a QR code as SVG', () => {
  it('is a document without scripts or references', async () => {
    const svg = qrSvg(contactUrl((await somebody(1, 'Bob')).card))
    expect(svg).to.match(/<svg/)
    expect(svg).to.not.match(/script|href|http:\/\/(?!www\.w3\.org)/)
  })
})
