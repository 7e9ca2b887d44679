import { expect } from 'chai'
import fc from 'fast-check'
import { equals } from 'uint8arrays'
import { decodeBatch, encodeBatch } from '../../src/sync/batch-codec.ts'
import { generalFrameCodec, syncFrameCodec, type SyncFrame } from '../../src/sync/frames.ts'
import { MAX_BATCH_BYTES, MAX_BLOCK_BYTES } from '../../src/sync/limits.ts'

const sizes = fc.oneof(fc.nat(30), fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536))
const numbers = fc.oneof(fc.nat(30), fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))
const batches = fc.record({ n: numbers, sizes: fc.array(sizes, { minLength: 1, maxLength: 3 }) }).map(({ n, sizes }): SyncFrame => ({
  v: 1, type: 'batch', n, blocks: sizes.map((size, index) => new Uint8Array(size).fill(index + 1))
}))

describe('the short way of a batch', () => {
  it('writes and reads what the general codec does', () => {
    fc.assert(fc.property(batches, batch => {
      const bytes = syncFrameCodec.encode(batch)
      expect(equals(bytes, generalFrameCodec.encode(batch))).to.equal(true)
      expect(syncFrameCodec.decode(bytes)).to.deep.equal(generalFrameCodec.decode(bytes))
    }), { numRuns: 200 })
  })

  it('takes no bytes that the general codec refuses, and makes the same of those it takes', function () {
    this.timeout(30_000)
    const small = fc.record({ n: fc.nat(300), sizes: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }) }).map(({ n, sizes }): SyncFrame => ({
      v: 1, type: 'batch', n, blocks: sizes.map(size => new Uint8Array(size).fill(0x18))
    }))
    const change = fc.record({ at: fc.nat(), by: fc.integer({ min: 0, max: 255 }), cut: fc.nat(3), add: fc.uint8Array({ maxLength: 2 }) })
    fc.assert(fc.property(small, change, (batch, { at, by, cut, add }) => {
      const whole = generalFrameCodec.encode(batch)
      const bytes = new Uint8Array([...whole.subarray(0, whole.length - cut), ...add])
      // Where the heads are.
      const place = at % Math.min(bytes.length, 60)
      bytes[place] = (bytes[place] ?? 0) ^ by
      const short = decodeBatch(bytes)
      if (short !== undefined) expect(short).to.deep.equal(generalFrameCodec.decode(bytes))
    }), { numRuns: 10_000 })
  })

  it('leaves what is too much to the general codec, which refuses it by name', () => {
    const block = new Uint8Array(MAX_BLOCK_BYTES)
    for (const blocks of [[], [new Uint8Array(MAX_BLOCK_BYTES + 1)], Array.from({ length: MAX_BATCH_BYTES / MAX_BLOCK_BYTES + 1 }, () => block)]) {
      const batch: SyncFrame = { v: 1, type: 'batch', n: 0, blocks }
      expect(encodeBatch(batch)).to.equal(undefined)
      expect(() => syncFrameCodec.encode(batch)).to.throw().with.property('name', 'InvalidBytesError')
    }
  })
})
