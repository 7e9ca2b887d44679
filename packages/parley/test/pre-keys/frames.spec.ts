import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { MAX_PRE_KEY_FRAME_BYTES, preKeyFrameCodec, type FrameOf } from '../../src/pre-keys/frames.ts'
import { buildFrames } from './frame-vectors.ts'

describe('the frames of the pre-key protocol', () => {
  const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/pre-key-frames.json', import.meta.url), 'utf8')) as Record<string, string>

  it('are what was frozen, and read alike by a generic reader', () => {
    for (const [name, frame] of Object.entries(buildFrames())) {
      expect(toString(preKeyFrameCodec.encode(frame), 'hex')).to.equal(frozen[name])
      const bytes = fromString(frozen[name] ?? '', 'hex')
      expect(dagCbor.decode<object>(bytes)).to.deep.equal(preKeyFrameCodec.decode(bytes))
    }
  })

  it('have room for every device of a list', () => {
    const frames = buildFrames()
    const [{ keys: [key], lastResort } = { keys: [], lastResort: null }] = (frames['given'] as FrameOf<'given'>).devices
    if (key === undefined) return expect.fail('no key')
    const devices = Array.from({ length: 128 }, (_none, index) => new Uint8Array(32).fill(index))
    const given = preKeyFrameCodec.encode({ v: 1, type: 'given', devices: devices.map(device => ({ device, keys: Array.from({ length: 5 }, () => key), lastResort })) })
    expect(given.byteLength).to.be.below(MAX_PRE_KEY_FRAME_BYTES)
    const take = { ...frames['take'] as FrameOf<'take'>, card: new Uint8Array(65_536), wanted: devices.map(device => ({ device, count: 5 })) }
    expect(preKeyFrameCodec.encode(take).byteLength).to.be.below(MAX_PRE_KEY_FRAME_BYTES)
    for (const wanted of [[...take.wanted].reverse(), [take.wanted[0], take.wanted[0]], [], [{ ...take.wanted[0], count: 6 }]]) {
      expect(() => preKeyFrameCodec.encode({ ...take, wanted } as FrameOf<'take'>)).to.throw().with.property('name', 'InvalidBytesError')
    }
  })

  it('are refused by name after any of 10,000 mutations, or mean something else', () => {
    const all = Object.values(frozen).map(text => fromString(text, 'hex'))
    const change = fc.record({ bytes: fc.constantFrom(...all), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), kind: fc.constantFrom('alter', 'cut', 'drop') })
    fc.assert(fc.property(change, ({ bytes, at: place, by, kind }) => {
      const at = place % bytes.length
      const altered = kind === 'cut' ? bytes.slice(0, at) : kind === 'drop' ? Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      try {
        expect(toString(preKeyFrameCodec.encode(preKeyFrameCodec.decode(altered)), 'hex')).to.equal(toString(altered, 'hex'))
      } catch (error) {
        expect((error as Error).name).to.equal('InvalidBytesError')
      }
    }), { numRuns: 10_000, seed: 13 })
  }).timeout(60_000)
})
