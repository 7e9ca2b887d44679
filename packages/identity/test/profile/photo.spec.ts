import { createSeededRandom } from '@parley/core'
import { checkPhoto, openPhoto, readPhotoHeader, sealPhoto } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { nameOfError } from '../support/rejection.ts'

const ascii = (text: string): number[] => Array.from(text, letter => letter.charCodeAt(0))
const short = (value: number): number[] => [value >> 8, value & 0xff]
const padded = (bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Array<number>(64).fill(0)])

const png = (width: number, height: number): Uint8Array => padded([0x89, ...ascii('PNG'), 13, 10, 26, 10, 0, 0, 0, 13, ...ascii('IHDR'), 0, 0, ...short(width), 0, 0, ...short(height), 8, 6, 0, 0, 0])
const jpeg = (width: number, height: number): Uint8Array => padded([0xff, 0xd8, 0xff, 0xe0, 0, 16, ...ascii('JFIF'), 0, 1, 2, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xff, 0xc2, 0, 17, 8, ...short(height), ...short(width), 3])
const riff = (chunk: string, data: number[]): Uint8Array => padded([...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBP'), ...ascii(chunk), 0, 0, 0, 0, ...data])
const extended = riff('VP8X', [0, 0, 0, 0, 299 & 0xff, 299 >> 8, 0, 199, 0, 0])
const lossless = riff('VP8L', [0x2f, 299 & 0xff, 299 >> 8 | (199 & 3) << 6, 199 >> 2, 0])
const lossy = riff('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 300 & 0xff, 300 >> 8, 200, 0])

describe('a photo', () => {
  it('says in its first bytes what it is and how large', () => {
    expect(readPhotoHeader(png(300, 200))).to.deep.equal({ mediaType: 'image/png', width: 300, height: 200 })
    expect(readPhotoHeader(jpeg(300, 200))).to.deep.equal({ mediaType: 'image/jpeg', width: 300, height: 200 })
    for (const webp of [extended, lossless, lossy]) expect(readPhotoHeader(webp)).to.deep.equal({ mediaType: 'image/webp', width: 300, height: 200 })
  })

  it('that is too large, no picture, or another than announced is refused by name', async () => {
    const random = createSeededRandom(1)
    const { photo } = sealPhoto(png(300, 200), { isPublic: true, random })
    for (const bytes of [jpeg(300, 200), png(300, 201), png(300, 200).subarray(1), new Uint8Array(0)]) {
      expect(await nameOfError(() => { checkPhoto({ ...photo, sizeBytes: bytes.byteLength }, bytes) })).to.equal('InvalidPhotoError')
    }
    expect(await nameOfError(() => { checkPhoto(photo, png(300, 200).subarray(0, 80)) })).to.equal('InvalidPhotoError')
    for (const bytes of [png(1025, 10), png(0, 10), new Uint8Array(256 * 1024 + 1), Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 4, 0, 0, 0, 0, 0, 0)]) {
      expect(await nameOfError(() => sealPhoto(bytes, { isPublic: true, random }))).to.equal('InvalidPhotoError')
    }
  })

  it('that is not for everybody is unreadable to whoever keeps it', async () => {
    const { photo, block } = sealPhoto(png(300, 200), { isPublic: false, random: createSeededRandom(1) })
    expect(await nameOfError(() => readPhotoHeader(block))).to.equal('InvalidPhotoError')
    expect(openPhoto(photo, block)).to.deep.equal(png(300, 200))
    expect(await nameOfError(() => openPhoto({ ...photo, key: new Uint8Array(32) }, block))).to.equal('UndecryptableError')
  })

  it('of any bytes is refused or read, never a crash', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(png(9, 9), jpeg(9, 9), extended, lossless, lossy), fc.nat(100), fc.nat(255), async (picture, at, by) => {
      expect(await nameOfError(() => readPhotoHeader(picture.map((byte, index) => index === at ? by : byte).subarray(0, 100 - at)))).to.be.oneOf(['no error', 'InvalidPhotoError'])
    }), { numRuns: 10_000, seed: 3 })
  })
})
