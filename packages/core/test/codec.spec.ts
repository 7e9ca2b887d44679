import { expect } from 'chai'
import * as fc from 'fast-check'
import { fromString } from 'uint8arrays'
import * as z from 'zod/mini'
import { bytesSchema, cidOf, cidSchema, countSchema, createCodec, createSeededRandom, decodeCanonical, encodeCanonical } from '../src/index.ts'

const hex = (text: string): Uint8Array => fromString(text.replaceAll(' ', ''), 'base16')
const decode = (bytes: Uint8Array): unknown => decodeCanonical('thing', bytes, 1 << 20)

/** Values of the data model, without floats that are whole numbers: those have no byte string of their own. */
const values = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof({ maxDepth: 3 },
    fc.constantFrom(null, true, false), fc.maxSafeInteger(), fc.string({ unit: 'grapheme' }), fc.uint8Array(),
    fc.double({ noDefaultInfinity: true, noNaN: true }).filter(value => !Number.isInteger(value)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string().filter(key => key !== '__proto__'), tie('value'), { maxKeys: 4, noNullPrototype: true }))
})).value

describe('canonical bytes', () => {
  it('decode to the value they were made from, and encode to themselves', () => {
    fc.assert(fc.property(values, value => {
      const bytes = encodeCanonical(value)
      expect(encodeCanonical(decode(bytes))).to.deep.equal(bytes)
    }))
  })

  it('do not depend on the order in which the keys were written', () => {
    expect(encodeCanonical({ bb: 1, a: 2, c: 3 })).to.deep.equal(encodeCanonical({ c: 3, bb: 1, a: 2 }))
  })

  it('carry links', () => {
    const link = cidOf(encodeCanonical('linked'))
    expect(String((decode(encodeCanonical({ link })) as { link: unknown }).link)).to.equal(String(link))
  })
})

describe('bytes that are not canonical', () => {
  const cases: [string, Uint8Array][] = [
    ['nothing at all', hex('')],
    ['a value that is cut', hex('82 01')],
    ['bytes after the value', hex('01 00')],
    ['an integer in more bytes than it needs', hex('18 01')],
    ['a length in more bytes than it needs', hex('58 01 ff')],
    ['a list of indefinite length', hex('9f 01 ff')],
    ['a string of indefinite length', hex('7f 61 61 ff')],
    ['the same key twice', hex('a2 61 61 01 61 61 02')],
    ['keys out of order', hex('a2 61 62 01 61 61 02')],
    ['longer keys before shorter ones', hex('a2 62 61 61 01 61 62 02')],
    ['a key that is no string', hex('a1 01 02')],
    ['a float of 16 bits', hex('f9 3e 00')],
    ['a float of 32 bits', hex('fa 3f c0 00 00')],
    ['a whole number written as a float', hex('fb 3f f0 00 00 00 00 00 00')],
    ['negative zero', hex('fb 80 00 00 00 00 00 00 00')],
    ['NaN', hex('fb 7f f8 00 00 00 00 00 00')],
    ['infinity', hex('fb 7f f0 00 00 00 00 00 00')],
    ['undefined', hex('f7')],
    ['an unknown tag', hex('c1 00')],
    ['a link that is no CID', hex('d8 2a 42 00 01')],
    ['a string that is no UTF-8', hex('61 ff')],
    ['a half of a surrogate pair', hex('63 ed a0 80')],
    ['a __proto__ key with a map', hex('a1 69 5f5f70726f746f5f5f a1 61 61 01')],
    ['a __proto__ key with a number', hex('a1 69 5f5f70726f746f5f5f 01')],
    ['a list that claims four thousand million items', hex('9a ff ff ff ff')],
    ['bytes that claim 2^53', hex('5b 00 20 00 00 00 00 00 00')],
    ['100,000 lists in one another', new Uint8Array(100_001).fill(0x81)],
    ['100,000 whole lists in one another', new Uint8Array(100_001).fill(0x81, 0, 100_000).fill(0x80, 100_000)],
    ['100,000 maps in one another', hex('a16161'.repeat(100_000) + '01')]
  ]
  for (const [name, bytes] of cases) {
    it(`are refused: ${name}`, () => {
      expect(() => decode(bytes)).to.throw().with.property('name', 'InvalidBytesError')
    })
  }

  it('may hold the text __proto__ where it is no key', () => {
    expect(decode(encodeCanonical({ body: '__proto__' }))).to.deep.equal({ body: '__proto__' })
    expect(() => decode(encodeCanonical([{ body: JSON.parse('{"__proto__": 1}') as unknown }]))).to.throw(/__proto__/)
  })

  it('never reach the prototype of anything', () => {
    expect(() => decode(hex('a1 69 5f5f70726f746f5f5f a1 68 706f6c6c75746564 f5'))).to.throw()
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined)
  })

  it('are refused by name, or mean another value, whatever byte is changed', () => {
    const random = createSeededRandom(11)
    const original = encodeCanonical({ v: 1, name: 'Bob', list: [1, 'two', null, { deep: random(40) }], link: cidOf(random(8)) })
    for (let round = 0; round < 10_000; round++) {
      const [at = 0, flip = 0] = random(2)
      const bytes = original.slice()
      const index = at % bytes.length
      bytes[index] = (bytes[index] ?? 0) ^ (flip === 0 ? 1 : flip)
      try {
        expect(encodeCanonical(decode(bytes))).to.deep.equal(bytes)
      } catch (error) {
        expect(error).to.have.property('name', 'InvalidBytesError')
      }
    }
  })
})

describe('a codec', () => {
  const codec = createCodec('ping', z.strictObject({ v: z.literal(1), count: countSchema(9), data: z.optional(bytesSchema({ maxBytes: 100 })) }), { maxBytes: 64 })

  it('brings a value there and back', () => {
    expect(codec.decode(codec.encode({ v: 1, count: 9 }))).to.deep.equal({ v: 1, count: 9 })
  })

  it('refuses to decode what its schema does not know, naming the field and not the value', () => {
    const refused: [unknown, RegExp][] = [
      [{ v: 2, count: 1 }, /^These bytes are no valid ping: v: /],
      [{ v: 1, count: 1, secret: 'hunter2' }, /no valid ping/],
      [{ v: 1, count: 10 }, /count: expected a whole number from 0 to 9/],
      [{ v: 1, count: 0.5 }, /count: /],
      [{ v: 1 }, /count: /],
      ['text', /no valid ping/]
    ]
    for (const [value, message] of refused) {
      const attempt = expect(() => codec.decode(encodeCanonical(value))).to.throw(message)
      attempt.with.property('name', 'InvalidBytesError')
      attempt.with.property('message').that.does.not.include('hunter2')
    }
  })

  it('refuses to encode what it would not decode', () => {
    expect(() => codec.encode({ v: 1, count: -1 })).to.throw().with.property('name', 'InvalidBytesError')
    expect(() => codec.encode({ v: 1, count: 1, data: new Uint8Array(80) })).to.throw().with.property('name', 'OversizedBytesError')
  })

  it('refuses oversized bytes before it looks at them', () => {
    const error = expect(() => codec.decode(new Uint8Array(65).fill(0xff))).to.throw()
    error.with.property('name', 'OversizedBytesError')
    error.with.property('limitBytes', 64)
  })
})

describe('the shared schemas', () => {
  it('take bytes up to a size, or of one size', () => {
    expect(bytesSchema({ maxBytes: 3 }).safeParse(new Uint8Array(3)).success).to.equal(true)
    expect(bytesSchema({ maxBytes: 3 }).safeParse(new Uint8Array(4)).success).to.equal(false)
    expect(bytesSchema({ exactBytes: 3 }).safeParse(new Uint8Array(2)).success).to.equal(false)
    expect(bytesSchema({ maxBytes: 3 }).safeParse([1]).success).to.equal(false)
  })

  it('take CIDs and nothing that looks like one', () => {
    expect(cidSchema.safeParse(cidOf(new Uint8Array())).success).to.equal(true)
    for (const value of ['bafy', {}, null, undefined, 5]) expect(cidSchema.safeParse(value).success).to.equal(false)
  })

  it('take whole numbers that JavaScript can hold', () => {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) expect(countSchema().safeParse(value).success).to.equal(true)
    for (const value of [-1, 0.5, 2 ** 53, 5n, '1', Number.NaN]) expect(countSchema().safeParse(value).success).to.equal(false)
  })
})
