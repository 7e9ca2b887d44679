import { expect } from 'chai'
import * as fc from 'fast-check'
import { createId, createSeededRandom, systemRandom } from '../src/index.ts'

describe('seeded randomness', () => {
  it('gives the same bytes for the same seed, however they are asked for', () => {
    const whole = createSeededRandom(7)(64)
    const halves = createSeededRandom(7)
    expect([...halves(20), ...halves(44)]).to.deep.equal([...whole])
  })

  it('gives other bytes for another seed', () => {
    expect(createSeededRandom(1)(32)).to.not.deep.equal(createSeededRandom(2)(32))
  })

  it('spreads bytes evenly', () => {
    const counts = new Array<number>(256).fill(0)
    for (const byte of createSeededRandom(3)(256 * 400)) counts[byte] = (counts[byte] ?? 0) + 1
    // Chi-square with 255 degrees of freedom: above 350 comes once in 30,000.
    const chi = counts.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)
    expect(chi).to.be.lessThan(350)
  })
})

describe('system randomness', () => {
  it('gives as many bytes as asked for, never the same twice', () => {
    expect(systemRandom(0)).to.have.length(0)
    expect(systemRandom(32)).to.have.length(32)
    expect(systemRandom(32)).to.not.deep.equal(systemRandom(32))
  })
})

describe('an id', () => {
  const random = createSeededRandom(1)
  const idAt = (ms: number): string => createId('call', { clock: { now: () => ms }, random })

  it('is a prefix, a line and 26 characters of base32', () => {
    expect(idAt(1_700_000_000_000)).to.match(/^call_[0-9a-v]{26}$/)
  })

  it('sorts by its time', () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 48 - 1 }), fc.nat({ max: 2 ** 48 - 1 }), (a, b) => {
      fc.pre(a !== b)
      expect(idAt(a) < idAt(b)).to.equal(a < b)
    }))
  })

  it('differs within one millisecond', () => {
    expect(new Set(Array.from({ length: 1000 }, () => idAt(5))).size).to.equal(1000)
  })

  it('takes a time with a fraction', () => {
    expect(idAt(1234.75).slice(0, 14)).to.equal(idAt(1234).slice(0, 14))
  })
})
