import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { equals } from 'uint8arrays'
import { cidOf, createSeededRandom, decodeCanonical, encodeCanonical } from '../src/index.ts'
import { readCanonical } from '../src/canonical-reader.ts'
import { writeCanonical } from '../src/canonical-writer.ts'

const links = fc.uint8Array({ maxLength: 8 }).map(bytes => cidOf(bytes, bytes.length % 2 === 0 ? 0x55 : 0x71))
const keys = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constantFrom('v', 'type', '/', 'asCID')).filter(key => key !== '__proto__')
const values = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof({ maxDepth: 4 },
    fc.constantFrom(null, true, false, -0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.5),
    fc.maxSafeInteger(), fc.string({ unit: 'grapheme', maxLength: 100 }), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 }), links,
    fc.array(tie('value'), { maxLength: 30 }), fc.dictionary(keys, tie('value'), { maxKeys: 30, noNullPrototype: true }))
})).value

/** What the general decoder and encoder say of bytes, without any of ours. */
function generally (bytes: Uint8Array): { value: unknown } | undefined {
  try {
    const value: unknown = dagCbor.decode(bytes)
    return equals(dagCbor.encode(value), bytes) ? { value } : undefined
  } catch {
    return undefined
  }
}

describe('our writer of canonical bytes', () => {
  it('writes what the general encoder writes, or leaves it to that', () => {
    fc.assert(fc.property(values, value => {
      const bytes = writeCanonical(value)
      if (bytes !== undefined) expect(equals(bytes, dagCbor.encode(value))).to.equal(true)
    }), { numRuns: 1000 })
  })

  it('takes what messages consist of', () => {
    const message = { v: 1, type: 'a', text: 'grüße 👋', bytes: new Uint8Array(300), list: [-1, null, true, 2 ** 40], link: cidOf(new Uint8Array(1)) }
    expect(writeCanonical(message)).to.deep.equal(dagCbor.encode(message))
  })

  const others: [string, unknown][] = [
    ['half a surrogate pair', '\ud800'], ['a float', 1.5], ['undefined', undefined], ['a map', new Map()], ['a big number', 10n],
    ['an object of a class', new Date(0)], ['an object without prototype', Object.create(null)], ['what looks like a CID', { '/': 1, bytes: 1 }]
  ]
  for (const [name, value] of others) it(`leaves ${name} to the general encoder`, () => { expect(writeCanonical([value])).to.equal(undefined) })

  it('writes a value whose property encodes another while it is read', () => {
    const inner = { text: 'inner' }
    const outer = { a: 'outer', get b () { return encodeCanonical(inner) } }
    expect(writeCanonical(outer)).to.deep.equal(dagCbor.encode({ a: 'outer', b: dagCbor.encode(inner) }))
  })

  it('leaves a value that holds itself to the general encoder', () => {
    const loop: unknown[] = []
    loop.push(loop)
    expect(writeCanonical(loop)).to.equal(undefined)
  })
})

describe('our reader of canonical bytes', () => {
  it('reads what the general decoder reads', () => {
    fc.assert(fc.property(values, value => {
      const bytes = dagCbor.encode(value)
      const read = readCanonical(bytes)
      if (read !== undefined) expect(read).to.deep.equal(generally(bytes))
    }), { numRuns: 1000 })
  })

  it('takes nothing that the general one refuses, of 20,000 altered byte strings', () => {
    const random = createSeededRandom(7)
    const samples = fc.sample(values, { numRuns: 400, seed: 7 }).map(value => dagCbor.encode(value)).filter(bytes => bytes.length > 1)
    let taken = 0
    for (let count = 0; count < 20_000; count++) {
      const bytes = new Uint8Array(samples[count % samples.length] ?? [0xf6])
      for (const [where = 0, what = 0] of [random(2), random(2)].slice(0, 1 + count % 2)) bytes[Math.floor(where / 256 * Math.min(bytes.length, 1 + count % 64))] = what
      const cut = count % 5 === 0 ? bytes.subarray(0, bytes.length - 1) : bytes
      const read = readCanonical(cut)
      if (read === undefined) continue
      taken++
      expect(read).to.deep.equal(generally(cut))
    }
    expect(taken).to.be.greaterThan(1000)
  })

  it('gives bytes of their own, of a Buffer too', () => {
    const encoded = Buffer.from(dagCbor.encode([Uint8Array.of(1, 2)]))
    const [bytes] = decodeCanonical('thing', encoded, 100) as [Uint8Array]
    encoded.fill(0)
    expect(bytes).to.deep.equal(Uint8Array.of(1, 2))
    expect(bytes.constructor).to.equal(Uint8Array)
  })

  it('leaves to the general decoder what a list claims beyond its bytes', () => {
    expect(readCanonical(Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff))).to.equal(undefined)
  })

  it('agrees with encodeCanonical', () => {
    fc.assert(fc.property(values, value => { expect(equals(encodeCanonical(value), dagCbor.encode(value))).to.equal(true) }))
  })
})
