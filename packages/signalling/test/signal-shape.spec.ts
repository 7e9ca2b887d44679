import { createSeededRandom, decodeCanonical, encodeCanonical } from '@parley/core'
import { expect } from 'chai'
import { isUsualSignal } from '../src/signal-shape.ts'
import { signalCodec, signalSchema, type SignalContent } from '../src/signal.ts'

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7)
const head = { v: 1 as const, id: bytes(16), call: bytes(16), from: bytes(32), device: bytes(32), to: bytes(32), seq: 5, sentAt: 1000, expiresAt: 61_000 }
const usual: SignalContent[] = [
  { type: 'ack', payload: { of: bytes(16) } },
  { type: 'call.alive', payload: {} },
  { type: 'call.offer-ack', payload: { reach: 'ringing' } },
  { type: 'call.accept', payload: { mode: 'live' } },
  { type: 'call.leave', payload: { reason: 'hang-up' } }
]
const others: SignalContent[] = [
  { type: 'call.offer', payload: { media: ['audio'], card: bytes(300) } },
  { type: 'call.accept', payload: { mode: 'live', onBehalfOf: bytes(32) } },
  { type: 'call.reject', payload: { reason: 'busy' } },
  { type: 'call.leave', payload: { reason: 'lost', detail: 'the line broke' } }
]

describe('the quick look at a signal', () => {
  for (const content of usual) {
    it(`takes ${content.type} without asking the schema`, () => {
      expect(isUsualSignal({ ...head, ...content })).to.equal(true)
      expect(signalCodec.decode(signalCodec.encode({ ...head, ...content }))).to.deep.equal({ ...head, ...content })
    })
  }
  for (const content of others) {
    it(`leaves ${content.type} with ${Object.keys(content.payload).join(' and ')} to the schema`, () => {
      expect(isUsualSignal({ ...head, ...content })).to.equal(false)
      expect(signalCodec.decode(signalCodec.encode({ ...head, ...content }))).to.deep.equal({ ...head, ...content })
    })
  }

  it('takes none of 10,000 altered bodies that the schema refuses', () => {
    const random = createSeededRandom(11)
    const number = (below: number): number => Math.floor(((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) / 65_536 * below)
    const wrong: unknown[] = [null, true, -1, 1.5, 2 ** 53, '', 'ack', 'call.alive', 'busy', bytes(15), bytes(16), bytes(32), [], {}, { of: bytes(16) }, new Date(0), undefined]
    let taken = 0
    let refused = 0
    for (let count = 0; count < 10_000; count++) {
      const content = [...usual, ...others][count % (usual.length + others.length)]
      const body: Record<string, unknown> = { ...head, ...content, payload: { ...content?.payload } }
      for (let change = number(3); change > 0; change--) {
        const within = number(3) === 0 ? body.payload as Record<string, unknown> : body
        const keys = [...Object.keys(within), 'other']
        const key = keys[number(keys.length)] ?? 'other'
        if (number(4) === 0) delete within[key]
        else within[key] = wrong[number(wrong.length)]
        if (Object.getPrototypeOf(body.payload ?? 0) !== Object.prototype) break
      }
      const isGood = signalSchema.safeParse(body).success
      if (isUsualSignal(body)) {
        taken++
        expect(isGood, JSON.stringify(body)).to.equal(true)
      } else if (!isGood) refused++
    }
    expect(taken).to.be.greaterThan(1000)
    expect(refused).to.be.greaterThan(1000)
  })

  it('takes none of 10,000 altered encodings that the schema refuses', () => {
    const random = createSeededRandom(12)
    let taken = 0
    for (let count = 0; count < 10_000; count++) {
      const encoded = encodeCanonical({ ...head, ...usual[count % usual.length] })
      const [where = 0, what = 0] = random(2)
      encoded[Math.floor(where / 256 * encoded.length)] = what
      let value: unknown
      try {
        value = decodeCanonical('signal', encoded, 1000)
      } catch {
        continue
      }
      if (!isUsualSignal(value)) continue
      taken++
      expect(signalSchema.safeParse(value).success).to.equal(true)
    }
    expect(taken).to.be.greaterThan(1000)
  })
})
