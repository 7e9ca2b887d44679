import { cidOf, RAW } from '@parley/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { fileSchema, isFileName, safeFileName, sniffMediaType, toThumbnail, type FileFields } from '../../src/files/index.ts'
import { mutate, PNG } from './samples.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const latin = (value: string): Uint8Array => Uint8Array.from(value, letter => letter.charCodeAt(0))

/** The smallest headers that say a size. */
const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 17, 8, 0, 24, 0, 32, 3])
const webp = (chunk: string, rest: number[]): Uint8Array => Uint8Array.from([...latin('RIFF'), 0, 0, 0, 0, ...latin('WEBP'), ...latin(chunk), 0, 0, 0, 0, ...rest])
const VP8X = webp('VP8X', [0, 0, 0, 0, 31, 0, 0, 23, 0, 0])
const VP8 = webp('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, 32, 0, 24, 0])
const VP8L = webp('VP8L', [0x2f, 31, 0xc0, 5, 0, 0, 0, 0, 0, 0])

describe('the media type of a file', () => {
  const cases: Array<[string, Uint8Array]> = [
    ['image/png', PNG], ['image/jpeg', JPEG], ['image/gif', latin('GIF89a...')], ['image/webp', VP8X], ['image/avif', latin('\0\0\0\x20ftypavif')],
    ['video/mp4', latin('\0\0\0\x20ftypisom')], ['video/webm', latin('\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm')], ['audio/ogg', latin('OggS\0\0')],
    ['audio/mpeg', latin('ID3\x03')], ['audio/mpeg', latin('\xff\xfb\x90\x44')], ['audio/wav', latin('RIFF\0\0\0\0WAVEfmt ')], ['audio/flac', latin('fLaC\0')],
    ['application/pdf', latin('%PDF-1.7')], ['application/zip', latin('PK\x03\x04')], ['application/json', text(' {"a": 1}')], ['text/plain', text('Grüße\n')]
  ]
  for (const [mediaType, bytes] of cases) {
    it(`is ${mediaType} by its first bytes, whatever was claimed`, () => {
      expect(sniffMediaType(bytes)).to.deep.equal({ mediaType, isMismatch: false })
      expect(sniffMediaType(bytes, mediaType)).to.deep.equal({ mediaType, isMismatch: false })
      expect(sniffMediaType(bytes, 'application/x-msdownload')).to.deep.equal({ mediaType, isMismatch: true })
    })
  }

  it('is the claimed one where the bytes say nothing against it', () => {
    expect(sniffMediaType(latin('\x00\x01\x02'), 'application/x-sqlite3').mediaType).to.equal('application/x-sqlite3')
    expect(sniffMediaType(text('a,b\n'), 'text/csv')).to.deep.equal({ mediaType: 'text/csv', isMismatch: false })
    expect(sniffMediaType(latin('PK\x03\x04'), 'application/epub+zip')).to.deep.equal({ mediaType: 'application/epub+zip', isMismatch: false })
    expect(sniffMediaType(latin('\x00\x01'), 'image/png')).to.deep.equal({ mediaType: 'application/octet-stream', isMismatch: true })
    expect(sniffMediaType(new Uint8Array(0)).mediaType).to.equal('application/octet-stream')
  })

  it('does not depend on a character that is cut in two', () => {
    const bytes = text(`${'a'.repeat(4095)}€`)
    expect(sniffMediaType(bytes).mediaType).to.equal('text/plain')
  })
})

describe('a thumbnail', function () {
  this.timeout(20_000)

  it('has the kind and size that its header says', () => {
    for (const [bytes, mediaType] of [[PNG, 'image/png'], [JPEG, 'image/jpeg'], [VP8X, 'image/webp'], [VP8, 'image/webp'], [VP8L, 'image/webp']] as const) {
      expect(toThumbnail(bytes), mediaType).to.include({ mediaType, width: 32, height: 24 })
    }
  })

  it('is refused by name when it is too large, of another kind or cut off', () => {
    const huge = PNG.slice()
    huge[16] = 1
    for (const bytes of [new Uint8Array(16 * 1024 + 1), text('hello'), PNG.subarray(0, 20), huge, new Uint8Array(0), JPEG.subarray(0, 8)]) {
      expect(() => toThumbnail(bytes)).to.throw().with.property('name', 'InvalidThumbnailError')
    }
  })

  it('is read or refused by name after each of 10,000 mutations', () => {
    for (const [index, bytes] of [PNG, JPEG, VP8X, VP8, VP8L].entries()) {
      mutate(bytes, 2_000, index, altered => {
        try {
          toThumbnail(altered)
        } catch (error) {
          expect(error).to.have.property('name', 'InvalidThumbnailError')
        }
      })
    }
  })
})

describe('the name of a file', function () {
  this.timeout(20_000)

  it('has no path, no control characters and none that turn text around', () => {
    for (const name of ['a.txt', 'Fotos vom Sommer.zip', '写真.jpg', '.profile']) expect(isFileName(name), name).to.equal(true)
    for (const name of ['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'a\0', '\u202etxt.exe', 'ä'.repeat(128), '\ud800']) expect(isFileName(name), JSON.stringify(name)).to.equal(false)
  })

  it('is made one that every system takes', () => {
    const cases = { '../../etc/passwd': 'passwd', 'C:\\temp\\x.txt': 'x.txt', 'CON.txt': '_CON.txt', 'a<b>.png': 'a_b_.png', '.bashrc': 'bashrc', '..': 'file', ' x. ': 'x', 'a/': 'a', 'exe.\u202etxt': 'exe.txt' }
    for (const [name, safe] of Object.entries(cases)) expect(safeFileName(name), name).to.equal(safe)
    expect(safeFileName(`${'ä'.repeat(300)}.jpeg`)).to.match(/^ä+\.jpeg$/).and.satisfy((name: string) => text(name).byteLength <= 255)
  })

  it('is a valid one after that, whatever it was', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), name => {
      const safe = safeFileName(name)
      expect(isFileName(safe)).to.equal(true)
      expect(safeFileName(safe)).to.equal(safe)
    }), { numRuns: 2_000 })
  })
})

describe('the fields of an attached file', () => {
  const file: FileFields = { name: 'a.txt', mediaType: 'text/plain', sizeBytes: 5, root: cidOf(text('x'), RAW), key: new Uint8Array(32), sha256: new Uint8Array(32), thumbnail: toThumbnail(PNG) }

  it('are taken when all of them fit', () => {
    expect(fileSchema.parse(file)).to.deep.equal(file)
  })

  it('are refused when one does not', () => {
    const thumbnail = toThumbnail(PNG)
    const wrong: Array<Record<string, unknown>> = [
      { name: '../a' }, { mediaType: 'Text/Plain' }, { mediaType: 'text/plain; charset=x' }, { sizeBytes: 2 ** 34 }, { sizeBytes: 300_000 }, { root: cidOf(text('x')) },
      { key: new Uint8Array(31) }, { sha256: undefined }, { thumbnail: { ...thumbnail, width: 33 } }, { thumbnail: { ...thumbnail, mediaType: 'image/jpeg' } }, { more: 1 }
    ]
    for (const change of wrong) expect(() => fileSchema.parse({ ...file, ...change }), JSON.stringify(Object.keys(change))).to.throw()
  })
})
