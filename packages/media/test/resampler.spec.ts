import { expect } from 'chai'
import fc from 'fast-check'
import { createResampler, resample } from '../src/index.ts'
import { joinPcm, sine } from './fixtures.ts'

/** Signal to noise of `pcm` against the sine it should be, in dB, without the edges. */
function snr (pcm: Float32Array, expected: Float32Array): number {
  let signal = 0
  let noise = 0
  for (let index = 4_800; index < pcm.length - 4_800; index++) {
    signal += (expected[index] ?? 0) ** 2
    noise += ((pcm[index] ?? 0) - (expected[index] ?? 0)) ** 2
  }
  return 10 * Math.log10(signal / noise)
}

describe('resampling to 48 kHz', () => {
  for (const rate of [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]) {
    it(`keeps sines of speech at ${rate} Hz to better than 75 dB, in place`, () => {
      for (const frequency of [100, 440, 1_000, 0.4 * Math.min(rate, 48_000)]) {
        const ratio = snr(resample(sine(frequency, rate, 500), rate, 48_000), sine(frequency, 48_000, 500))
        expect(ratio, `${frequency} Hz`).to.be.above(75)
      }
    })
  }

  it('removes what 48 kHz cannot hold', () => {
    const pcm = resample(sine(30_000, 96_000, 500), 96_000, 48_000)
    expect(Math.max(...pcm.subarray(4_800, -4_800).map(Math.abs))).to.be.below(0.5 * 10 ** (-75 / 20))
  })

  it('gives the same however the input is cut', () => {
    fc.assert(fc.property(fc.constantFrom(8_000, 44_100, 12_345, 96_000), fc.array(fc.nat({ max: 700 }), { maxLength: 8 }), (rate, lengths) => {
      const total = lengths.reduce((sum, length) => sum + length, 0)
      const pcm = sine(440, 48_000, 1_000).subarray(0, total)
      const resampler = createResampler(rate, 48_000)
      let at = 0
      const parts = lengths.map(length => resampler.add(pcm.subarray(at, at += length)))
      const cut = joinPcm([...parts, resampler.end()])
      expect(cut.length).to.equal(Math.round(total * 48_000 / rate))
      expect(Buffer.compare(Buffer.from(cut.buffer, 0, cut.byteLength), Buffer.from(resample(pcm, rate, 48_000).slice().buffer))).to.equal(0)
    }), { numRuns: 40 })
  })

  it('refuses what is no rate', () => {
    for (const rate of [0, 999, 44_100.5, NaN, 1e9]) expect(() => createResampler(rate, 48_000)).to.throw().with.property('name', 'InvalidArgumentError')
  })
})
