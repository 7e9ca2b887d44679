import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import * as fc from 'fast-check'
import * as lengthPrefixed from 'it-length-prefixed'
import { concat } from 'uint8arrays'
import { createRecordParser, encodeRecord, type FrameRecord } from '../src/streams/frame-records.ts'

const MAX = 300
const record: fc.Arbitrary<FrameRecord> = fc.oneof(
  fc.record({ type: fc.constant('data' as const), frame: fc.uint8Array({ maxLength: MAX }) }),
  fc.record({ type: fc.constant('credit' as const), sizeBytes: fc.nat(0xffff_ffff) }),
  fc.constant({ type: 'end' as const }),
  fc.record({ type: fc.constant('abort' as const), errorName: fc.constantFrom('Error', 'OversizedBytesError') })
)

function parse (bytes: Uint8Array, cuts: number[] = []): FrameRecord[] {
  const parser = createRecordParser({ maxFrameBytes: MAX })
  const edges = [0, ...cuts.map(cut => cut % (bytes.byteLength + 1)).sort((a, b) => a - b), bytes.byteLength]
  return edges.slice(1).flatMap((edge, index) => [...parser.push(bytes.subarray(edges[index], edge))])
}

const nameOf = (call: () => unknown): string => {
  try {
    call()
    return 'none'
  } catch (error) {
    return (error as Error).name
  }
}

describe('frames on the wire', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(fc.property(fc.array(record, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 8 }), (records, cuts) => {
      expect(parse(concat(records.map(encodeRecord)), cuts)).to.deep.equal(records)
    }))
  })

  it('can be taken apart by any length-prefixed decoder', () => {
    fc.assert(fc.property(fc.array(record, { maxLength: 8 }), records => {
      const pieces = [...lengthPrefixed.decode([concat(records.map(encodeRecord))])]
      expect(pieces).to.have.length(records.length)
      expect(pieces.map(piece => piece.byteLength)).to.deep.equal(records.map(one => [...lengthPrefixed.decode([encodeRecord(one)])][0]?.byteLength))
    }))
  })

  it('are refused as soon as their length is read when they are too large', () => {
    expect(nameOf(() => parse(Uint8Array.of(0xff, 0xff, 0x7f)))).to.equal('OversizedBytesError')
    expect(nameOf(() => parse(encodeRecord({ type: 'data', frame: new Uint8Array(MAX + 1) })))).to.equal('OversizedBytesError')
    expect(parse(encodeRecord({ type: 'data', frame: new Uint8Array(MAX) }))).to.have.length(1)
  })

  it('wait for the rest when they are cut short', () => {
    const bytes = encodeRecord({ type: 'data', frame: new Uint8Array(100) })
    const parser = createRecordParser({ maxFrameBytes: MAX })
    expect([...parser.push(bytes.subarray(0, 60))]).to.deep.equal([])
    expect(parser.midRecord).to.equal(true)
    expect([...parser.push(bytes.subarray(60))]).to.have.length(1)
    expect(parser.midRecord).to.equal(false)
  })

  for (const [what, bytes] of Object.entries({
    'a length of no bytes': [0x00],
    'a length in a longer form than needed': [0x81, 0x00, 0x12],
    'a length of five bytes': [0x81, 0x80, 0x80, 0x80, 0x01],
    'an unknown version': [0x01, 0x22],
    'an unknown type': [0x01, 0x1f],
    'an end that carries bytes': [0x02, 0x12, 0x00],
    'credit of another size': [0x04, 0x11, 0, 0, 1],
    'an error without a name': [0x01, 0x13],
    'an error whose name is no word': [0x03, 0x13, 0x0a, 0x41]
  })) {
    it(`are refused by name: ${what}`, () => { expect(nameOf(() => parse(Uint8Array.from(bytes)))).to.equal('InvalidBytesError') })
  }

  it('are read or refused by name after any one byte was changed, 10,000 times', () => {
    const random = createSeededRandom(20_260)
    const records: FrameRecord[] = [
      { type: 'data', frame: random(40) }, { type: 'credit', sizeBytes: 300_000 }, { type: 'data', frame: random(200) }, { type: 'abort', errorName: 'TimeoutError' }, { type: 'end' }
    ]
    const bytes = concat(records.map(encodeRecord))
    const names = new Map<string, number>()
    for (let round = 0; round < 10_000; round++) {
      const [high = 0, low = 0, value = 0] = random(3)
      const mutated = bytes.slice()
      const at = (high * 256 + low) % bytes.byteLength
      mutated[at] = (mutated[at] ?? 0) ^ (value === 0 ? 1 : value)
      const name = nameOf(() => parse(mutated))
      names.set(name, (names.get(name) ?? 0) + 1)
    }
    expect([...names.keys()].sort()).to.deep.equal(['InvalidBytesError', 'OversizedBytesError', 'none'])
    console.log(`      ${JSON.stringify(Object.fromEntries(names))}`)
  })
})
