import { expect } from 'chai'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import { fromString, toString } from 'uint8arrays'
import { mailboxFrameCodec } from '../../src/mailbox/frames.ts'
import { createDeviceState, stepDevice } from '../../src/mailbox/device-machine.ts'
import { createHolderState, stepHolder } from '../../src/mailbox/holder-machine.ts'
import { syncFrameCodec } from '../../src/sync/frames.ts'
import { createSyncState, step } from '../../src/sync/sync-machine.ts'
import { CONVERSATION, helloOf } from './model.ts'
import { windowFrameCodec } from '../../src/window/frames.ts'
import { mailboxFrames, syncFrames, windowFrames } from './sample-frames.ts'

interface Vector { name: string, hex: string }

const REFUSALS = ['InvalidBytesError', 'OversizedBytesError']
const MUTATIONS = 10_000

async function vectors (file: string): Promise<Vector[]> {
  return JSON.parse(await readFile(new URL(`../vectors/v1/${file}.json`, import.meta.url), 'utf8')) as Vector[]
}

for (const { file, codec, samples } of [
  { file: 'sync-frames', codec: syncFrameCodec, samples: syncFrames },
  { file: 'mailbox-frames', codec: mailboxFrameCodec, samples: mailboxFrames },
  { file: 'window-frames', codec: windowFrameCodec, samples: windowFrames }
]) {
  describe(`${file} of version 1`, () => {
    it('are the bytes they were frozen as', async () => {
      const frozen = await vectors(file)
      expect(frozen.map(vector => vector.name)).to.have.members(Object.keys(samples))
      for (const { name, hex } of frozen) {
        expect(toString(codec.encode(samples[name] as never), 'hex'), name).to.equal(hex)
        expect(toString(codec.encode(codec.decode(fromString(hex, 'hex')) as never), 'hex'), name).to.equal(hex)
      }
    })

    it('are refused by name with a field more, a field less or another version', async () => {
      for (const [name, sample] of Object.entries(samples)) {
        const { v: _, ...without } = sample as { v: number }
        for (const wrong of [{ ...sample, more: 1 }, without, { ...sample, v: 2 }, { ...sample, type: 'unheard-of' }]) {
          expect(() => codec.encode(wrong as never), name).to.throw().with.property('name', 'InvalidBytesError')
        }
      }
    })

    it(`are refused by name or are other frames after ${MUTATIONS} mutations, and never crash`, async function () {
      this.timeout(30_000)
      const frozen = (await vectors(file)).map(vector => fromString(vector.hex, 'hex'))
      let refused = 0
      fc.assert(fc.property(fc.nat(frozen.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
        const bytes = new Uint8Array(frozen[which] ?? [])
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
        try {
          codec.decode(bytes)
        } catch (error) {
          expect(REFUSALS).to.include((error as Error).name)
          refused++
        }
      }), { numRuns: MUTATIONS })
      // Most of the bytes are of keys, hashes and blocks, where another value is as good a frame.
      expect(refused).to.be.greaterThan(MUTATIONS / 10)
    })
  })
}

describe('a machine that is fed any frame at any time', () => {
  it('never throws, and an input that it refuses leaves its counts as they were', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.values(syncFrames)), { maxLength: 12 }), fc.boolean(), (frames, greeted) => {
      let state = createSyncState(CONVERSATION)
      if (greeted) state = step(state, { type: 'start', hello: helloOf(new Map()) }).state
      for (const frame of frames) {
        const before = state
        const next = step(state, { type: 'frame', frame })
        state = next.state
        if (next.outputs.some(output => output.type === 'fail')) {
          expect({ ...state, phase: before.phase }).to.deep.equal(before)
        }
      }
    }), { numRuns: 1_000 })
  })

  it('holds for both sides of a mailbox', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.values(mailboxFrames)), { maxLength: 12 }), frames => {
      let device = createDeviceState()
      let holder = createHolderState()
      for (const frame of frames) {
        device = stepDevice(device, { type: 'frame', frame }).state
        holder = stepHolder(holder, { type: 'frame', frame }).state
      }
      expect(device.receivedUpTo).to.be.at.least(0)
      expect(holder.unacked).to.deep.equal([])
    }), { numRuns: 1_000 })
  })
})
