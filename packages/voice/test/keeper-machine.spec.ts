import { type CID, cidOf, encodeCanonical } from '@parley/core'
import { expect } from 'chai'
import fc from 'fast-check'
import type { CaptureRecord } from '../src/index.ts'
import { type KeeperInput, type KeeperOutput, type KeeperReply, type KeeperState, type KeeperWrite, startKeeping, stepKeeper } from '../src/keeper-machine.ts'
import { ACTION, CONVERSATION, deviceKeys } from './world.ts'

const LIMITS = { maxSegments: 12, maxMessageBytes: 10_000 }
const CHAIN: CID[] = Array.from({ length: 14 }, (_, index) => cidOf(encodeCanonical({ segment: index })))
const LAST = 9

type Event =
  | { type: 'segment', index: number, stale: boolean }
  | { type: 'finish', count: number }
  | { type: 'open' | 'broken' | 'grace-over' | 'write' | 'fail' | 'retry' | 'kill' }

const events: fc.Arbitrary<Event[]> = fc.array(fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('segment' as const), index: fc.nat(11), stale: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('finish' as const), count: fc.nat(11) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constantFrom('write' as const, 'write' as const, 'fail' as const, 'retry' as const, 'open' as const, 'broken' as const, 'grace-over' as const, 'kill' as const) }) }
), { maxLength: 120 })

async function freshRecord (): Promise<CaptureRecord> {
  const { did } = await deviceKeys(1)
  return {
    voice: new Uint8Array(16), conversation: CONVERSATION, action: ACTION, context: new Uint8Array(0), speaker: did, person: did,
    segments: 0, last: null, sizeBytes: 0, whole: false, state: 'recording', reason: null, manifest: null, startedAt: 1, endedAt: null
  }
}

/** A keeper whose disk and process can fail between any two inputs. */
class Model {
  state: KeeperState
  disk: CaptureRecord | undefined
  stored: CID[] = []
  acknowledged = 0
  terminals = 0
  replies: KeeperReply[] = []
  graces = 0
  readonly #fresh: CaptureRecord
  #session = 0
  #write: KeeperWrite | undefined

  constructor (fresh: CaptureRecord) {
    this.#fresh = fresh
    this.state = startKeeping(fresh, { onDisk: false })
  }

  step (event: Event): void {
    switch (event.type) {
      case 'segment': {
        const { index } = event
        const session = event.stale ? this.#session - 1 : this.#session
        this.input({ type: 'segment', session, segment: { index, prev: CHAIN[index - 1] ?? null, last: index === LAST, cid: CHAIN[index] ?? CONVERSATION, bytes: new Uint8Array(100) } })
        return
      }
      case 'finish':
        this.input({ type: 'finish', session: this.#session, manifest: { cid: ACTION, bytes: new Uint8Array(9), segments: event.count, last: CHAIN[event.count - 1] ?? null }, cutOff: false, reason: null, at: 5 })
        return
      case 'open': this.input({ type: 'open', session: ++this.#session }); return
      case 'broken': this.input({ type: 'broken', session: this.#session }); return
      case 'grace-over': this.input({ type: 'grace-over', at: 7 }); return
      case 'retry': this.input({ type: 'retry' }); return
      case 'fail': if (this.#write !== undefined) this.input({ type: 'failed', trouble: { reason: 'full', detail: 'The disk is full' } }); return
      case 'write': this.#commit(); return
      case 'kill': this.#kill()
    }
  }

  input (input: KeeperInput): void {
    const frozen = structuredClone({ ...this.state, record: undefined, pending: undefined, writing: undefined })
    const before = this.state
    const { state, outputs } = stepKeeper(before, input, LIMITS)
    expect(structuredClone({ ...before, record: undefined, pending: undefined, writing: undefined })).to.deep.equal(frozen)
    this.state = state
    for (const output of outputs) this.#take(output)
  }

  #take (output: KeeperOutput): void {
    if (output.type === 'write') this.#write = output.write
    if (output.type === 'start-grace') this.graces++
    if (output.type !== 'reply') return
    this.replies.push(output.reply)
    if (output.reply.type === 'ack') this.acknowledged = Math.max(this.acknowledged, output.reply.index + 1)
    expect(this.acknowledged).to.be.at.most(this.stored.length)
  }

  #commit (): void {
    const write = this.#write
    if (write === undefined) return
    this.#write = undefined
    for (const { index, cid } of write.segments) {
      expect(index).to.equal(this.stored.length)
      this.stored.push(cid)
    }
    if (write.record.state !== 'recording') this.terminals++
    this.disk = write.record
    this.input({ type: 'written' })
  }

  #kill (): void {
    this.#write = undefined
    this.state = startKeeping(this.disk ?? this.#fresh, { onDisk: this.disk !== undefined })
    if (this.disk !== undefined) this.input({ type: 'restarted' })
  }
}

describe('the machine of a keeper, whatever comes in whatever order', () => {
  it('stores without a gap or a double, acknowledges only what is stored and ends at most once', async () => {
    const fresh = await freshRecord()
    fc.assert(fc.property(events, list => {
      const model = new Model(fresh)
      for (const event of list) {
        model.step(event)
        expect(model.stored).to.deep.equal(CHAIN.slice(0, model.stored.length))
        expect(model.disk?.segments ?? 0).to.equal(model.stored.length)
        expect(model.terminals).to.equal(model.disk === undefined || model.disk.state === 'recording' ? 0 : 1)
      }
    }), { numRuns: 500 })
  })

  it('ends exactly once when the grace period runs out and the disk works again', async () => {
    const fresh = await freshRecord()
    fc.assert(fc.property(events, list => {
      const model = new Model(fresh)
      model.step({ type: 'open' })
      model.step({ type: 'write' })
      for (const event of list) model.step(event)
      for (const type of ['broken', 'retry', 'write', 'write', 'grace-over', 'write', 'write'] as const) model.step({ type })
      expect(model.terminals).to.equal(1)
      expect(model.disk?.endedAt).to.be.a('number')
    }), { numRuns: 500 })
  })

  it('asks for a grace period whenever a message that goes on has no speaker', async () => {
    const fresh = await freshRecord()
    const model = new Model(fresh)
    model.step({ type: 'open' })
    model.step({ type: 'write' })
    model.step({ type: 'broken' })
    model.step({ type: 'kill' })
    expect(model.graces).to.equal(2)
  })
})

describe('the machine of a keeper', () => {
  const run = async (list: Event[]): Promise<Model> => {
    const model = new Model(await freshRecord())
    for (const event of list) model.step(event)
    return model
  }
  const segment = (index: number): Event => ({ type: 'segment', index, stale: false })

  it('refuses a segment that is not the next, by name, and changes nothing', async () => {
    const model = await run([{ type: 'open' }, { type: 'write' }, segment(0), { type: 'write' }, segment(2)])
    expect(model.replies.at(-1)).to.include({ type: 'refused', reason: 'out-of-order' })
    expect(model.stored).to.have.length(1)
  })

  it('refuses what does not follow the one before', async () => {
    const model = await run([{ type: 'open' }, { type: 'write' }])
    model.input({ type: 'segment', session: 1, segment: { index: 0, prev: ACTION, last: false, cid: CONVERSATION, bytes: new Uint8Array(1) } })
    expect(model.replies.at(-1)).to.include({ type: 'refused', reason: 'broken-chain' })
  })

  it('refuses more bytes than a message may have', async () => {
    const model = await run([{ type: 'open' }, { type: 'write' }])
    model.input({ type: 'segment', session: 1, segment: { index: 0, prev: null, last: false, cid: CONVERSATION, bytes: new Uint8Array(10_001) } })
    expect(model.replies.at(-1)).to.include({ type: 'refused', reason: 'too-large' })
  })

  it('tells at each failed attempt, then that it goes on, then acknowledges', async () => {
    const model = await run([{ type: 'open' }, { type: 'write' }, segment(0), { type: 'fail' }, { type: 'retry' }, { type: 'fail' }, { type: 'retry' }, { type: 'write' }])
    expect(model.replies.map(({ type }) => type)).to.deep.equal(['opened', 'paused', 'paused', 'resumed', 'ack'])
  })

  it('is complete, not cut off, when the speaker leaves after the last segment', async () => {
    const whole = Array.from({ length: LAST + 1 }, (_, index) => segment(index))
    const model = await run([{ type: 'open' }, { type: 'write' }, ...whole, { type: 'write' }, { type: 'write' }, { type: 'broken' }, { type: 'grace-over' }, { type: 'write' }])
    expect(model.disk?.state).to.equal('complete')
  })

  it('takes a speaker back whose grace period ended while nothing could be written', async () => {
    const model = await run([{ type: 'open' }, { type: 'write' }, segment(0), { type: 'fail' }, { type: 'broken' }, { type: 'grace-over' }, { type: 'open' }, { type: 'retry' }, { type: 'write' }, segment(1), { type: 'write' }])
    expect(model.stored).to.have.length(2)
    expect(model.disk?.state).to.equal('recording')
  })
})
