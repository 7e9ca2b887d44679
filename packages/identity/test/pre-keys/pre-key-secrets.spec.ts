import { createSeededRandom, createVirtualClock, type Store, type VirtualClock } from '@parley/core'
import { createPreKeySecrets, createSealedSender, decodePreKeyBatch, verifyPreKey, type HeldPreKeys, type PreKeyBatch, type PreKeySecrets, type SealingKey } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { equals } from 'uint8arrays'
import { decideBatch } from '../../src/pre-keys/decide-batch.ts'
import { createTestStore } from '../support/memory-store.ts'
import { somebody, type Somebody } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'

const DAY = 24 * 3600 * 1000
const NOTHING: HeldPreKeys = { series: null, number: 0, left: 0, lastResort: null }
const PROXY = 'did:key:zProxy'

/** Returns what an honest proxy says after it took a batch. */
const heldAfter = ({ series, number, lastResort }: PreKeyBatch, left: number): HeldPreKeys => ({ series, number, left, lastResort: lastResort.id })

describe('the secrets of pre-keys', () => {
  let bob: Somebody
  let store: Store
  let clock: VirtualClock
  let drawn: Uint8Array[]
  let secrets: PreKeySecrets

  const open = (): PreKeySecrets => {
    const random = createSeededRandom(3 + drawn.length)
    return createPreKeySecrets({
      store, clock, keys: bob.phone,
      random (length) {
        const bytes = random(length)
        drawn.push(bytes)
        return bytes
      }
    }, { person: bob.person.did })
  }
  const batchFor = async (held: HeldPreKeys, proxy = PROXY): Promise<PreKeyBatch> => await secrets.batchFor(proxy, held) ?? expect.fail('no batch')
  const stored = async (): Promise<Uint8Array[]> => {
    const values: Uint8Array[] = []
    for await (const { value } of store.entries('/pre-keys/')) values.push(value)
    return values
  }
  const sealed = async (key: Uint8Array): Promise<(sealing: SealingKey | undefined) => Promise<string>> => {
    const sender = await createSealedSender(key, 'test')
    const ct = await sender.seal(Uint8Array.of(1), new Uint8Array())
    return async sealing => await nameOfError(async () => await sealing?.open('test', { enc: sender.enc, ct }, new Uint8Array()))
  }

  beforeEach(async () => {
    bob = await somebody(1, 'Bob')
    store = createTestStore()
    clock = createVirtualClock()
    drawn = []
    secrets = open()
  })

  it('open what is sealed to a batch, also in the next process', async () => {
    const { keys, lastResort } = await batchFor(NOTHING)
    expect(keys).to.have.length(100)
    secrets = open()
    for (const { id, key } of [...keys.slice(0, 3), lastResort]) expect(await (await sealed(key))(await secrets.open(id))).to.equal('no error')
    expect(await secrets.open(new Uint8Array(8))).to.equal(undefined)
    await verifyPreKey({ person: bob.person.did, device: bob.phone.did, isLastResort: false }, keys[0] ?? lastResort)
  })

  it('are gone from the store once used, and the last-resort one is not', async () => {
    const { keys: [first, second], lastResort } = await batchFor(NOTHING)
    if (first === undefined || second === undefined) return expect.fail('no keys')
    const before = await stored()
    await secrets.used([first.id, lastResort.id, new Uint8Array(8)])
    const after = await stored()
    expect(after).to.have.length(before.length - 1)
    const opened = await sealed(first.key)
    expect(await secrets.open(first.id)).to.equal(undefined)
    for (const id of [second.id, lastResort.id]) {
      expect(await secrets.open(id)).not.to.equal(undefined)
      expect(await opened(await secrets.open(id))).to.equal('UndecryptableError')
    }
    // Neither what went nor any other secret is in the store in the clear.
    const clear = drawn.filter(bytes => bytes.length === 32)
    expect(clear).to.have.length(101)
    for (const value of after) for (const bytes of clear) expect(contains(value, bytes)).to.equal(false)
    const gone = before.filter(value => !after.some(other => equals(other, value)))
    expect(gone).to.have.length(1)
  })

  it('are offered again until the proxy says that it has them, and then topped up', async () => {
    const first = await batchFor(NOTHING)
    expect((await batchFor(NOTHING)).bytes).to.deep.equal(first.bytes)
    secrets = open()
    expect((await batchFor(NOTHING)).bytes).to.deep.equal(first.bytes)
    expect(await secrets.batchFor(PROXY, heldAfter(first, 100))).to.equal(undefined)
    expect(await secrets.batchFor(PROXY, heldAfter(first, 30))).to.equal(undefined)
    const second = await batchFor(heldAfter(first, 29))
    expect([second.number, second.keys.length]).to.deep.equal([1, 71])
    expect(second.series).to.deep.equal(first.series)
    expect(second.lastResort).to.deep.equal(first.lastResort)
    expect(await decodePreKeyBatch(second.bytes)).to.deep.equal(second)
  })

  it('are different ones for each proxy', async () => {
    const [one, other] = [await batchFor(NOTHING), await batchFor(NOTHING, 'did:key:zOther')]
    expect(other.keys.some(({ id }) => one.keys.some(key => equals(key.id, id)))).to.equal(false)
    expect([one.number, other.number]).to.deep.equal([0, 1])
    expect(await secrets.batchFor(PROXY, heldAfter(one, 100))).to.equal(undefined)
  })

  it('begin a new series when they were lost, and when the store was set back', async () => {
    const first = await batchFor(NOTHING)
    const ahead = { ...heldAfter(first, 100), number: 7 }
    const again = await batchFor(ahead)
    expect(again.number).to.equal(0)
    expect(equals(again.series, first.series)).to.equal(false)
    store = createTestStore()
    secrets = open()
    const anew = await batchFor(heldAfter(again, 100))
    expect(anew.keys).to.have.length(100)
    expect(equals(anew.series, again.series)).to.equal(false)
  })

  it('renew the last resort weekly, and keep its secret for what is on its way', async () => {
    const first = await batchFor(NOTHING)
    expect(await secrets.batchFor(PROXY, heldAfter(first, 100))).to.equal(undefined)
    await clock.advance(7 * DAY)
    const second = await batchFor(heldAfter(first, 100))
    expect(second.keys).to.have.length(0)
    expect(equals(second.lastResort.id, first.lastResort.id)).to.equal(false)
    expect(second.lastResort.expires - clock.now()).to.equal(28 * DAY)
    // Nobody seals to it after its time; it goes four weeks after a proxy was met then.
    await clock.advance(70 * DAY)
    await secrets.sweep()
    await clock.advance(28 * DAY - 1)
    await secrets.sweep()
    expect(await secrets.open(first.lastResort.id)).not.to.equal(undefined)
    await clock.advance(1)
    await secrets.sweep()
    expect(await secrets.open(first.lastResort.id)).to.equal(undefined)
    await clock.advance(28 * DAY)
    await secrets.sweep()
    expect(await stored()).to.have.length(2)
  })
})

describe('what a device decides about a proxy', () => {
  it('is never to make keys twice for one need, and ends', () => {
    const series = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)] as const
    const id = (number: number): Uint8Array => new Uint8Array(8).fill(number)
    const held = fc.record({ series: fc.constantFrom(null, ...series), number: fc.nat(5), left: fc.nat(120), lastResort: fc.constantFrom(null, id(1), id(2)) })
    const state = fc.option(fc.record({ series: fc.constant(series[0]), number: fc.nat(5), lastResort: fc.record({ id: fc.constant(id(1)), issued: fc.constantFrom(0, 20 * DAY) }) }), { nil: undefined })
    fc.assert(fc.property(state, held, (before, told) => {
      const now = 21 * DAY
      const decision = decideBatch(before, undefined, told, now)
      if (decision.type !== 'make') return
      const isOurs = before !== undefined && !decision.isNewSeries && told.series !== null && equals(told.series, before.series)
      expect(decision.count).to.equal(!isOurs ? 100 : told.left < 30 ? 100 - told.left : 0)
      // What it is then told is that it is enough.
      const after = { series: decision.isNewSeries ? series[1] : series[0], number: decision.isNewSeries ? 0 : (before?.number ?? 0) + 1, lastResort: decision.isRenewed ? { id: id(3), issued: now } : before?.lastResort ?? { id: id(3), issued: now } }
      const left = isOurs ? told.left + decision.count : decision.count
      expect(decideBatch(after, after.number, { series: after.series, number: after.number, left, lastResort: after.lastResort.id }, now)).to.deep.equal({ type: 'nothing' })
      expect(decideBatch(after, after.number, told.series !== null && equals(told.series, after.series) && told.number > after.number ? NOTHING : told, now).type).not.to.equal('nothing')
    }))
  })
})

function contains (bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes).includes(Buffer.from(part))
}
