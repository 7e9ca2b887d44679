import { expect } from 'chai'
import fc from 'fast-check'
import { cidOf } from '@parley/core'
import type { SyncFrame } from '../../src/sync/frames.ts'
import { HELLO_TIMEOUT_MS, MAX_CARD_FRAMES, MAX_IDLE_BATCHES, PROGRESS_TIMEOUT_MS, WINDOW_BATCHES } from '../../src/sync/limits.ts'
import { createSyncState, patienceMs, step, type SyncInput, type SyncState } from '../../src/sync/sync-machine.ts'
import { CONVERSATION, createSide, helloOf, run, sorted, union, type ModelLog } from './model.ts'

const logs = fc.dictionary(fc.constantFrom('0', '1', '2', '3'), fc.integer({ min: 0, max: 10 }), { maxKeys: 4 })
  .map(record => new Map(Object.entries(record).map(([author, count]) => [Number(author), count])))
const choices = fc.infiniteStream(fc.nat())

function chooser (stream: Iterator<number>): (n: number) => number {
  return n => (stream.next().value as number) % n
}

describe('two sides of a sync that nothing interrupts', () => {
  it('both end with everything, whatever the order of events', function () {
    this.timeout(20_000)
    fc.assert(fc.property(logs, logs, choices, fc.integer({ min: 1, max: 7 }), (left, right, stream, perBatch) => {
      const expected = sorted(union(left, right))
      const a = createSide({ log: new Map(left), perBatch, initiator: true })
      const b = createSide({ log: new Map(right), perBatch, initiator: false })
      run(a, b, chooser(stream))
      expect(a.ended).to.deep.equal([{ type: 'end' }])
      expect(b.ended).to.deep.equal([{ type: 'end' }])
      expect([a.current, b.current]).to.deep.equal([true, true])
      expect(sorted(a.log)).to.deep.equal(expected)
      expect(sorted(b.log)).to.deep.equal(expected)
    }), { numRuns: 150 })
  })

  it('never has more batches under way than the window', () => {
    fc.assert(fc.property(logs, logs, choices, (left, right, stream) => {
      const a = createSide({ log: new Map(left), perBatch: 1, initiator: true })
      const b = createSide({ log: new Map(right), perBatch: 1, initiator: false })
      run(a, b, n => {
        for (const { state } of [a, b]) {
          expect(state.outbound.sent - state.outbound.acked).to.be.at.most(WINDOW_BATCHES)
          expect(state.inbound.received - state.inbound.merged).to.be.at.most(WINDOW_BATCHES)
        }
        return chooser(stream)(n)
      })
      expect(a.ended).to.deep.equal([{ type: 'end' }])
    }), { numRuns: 30 })
  })
})

describe('a sync that is cut', () => {
  it('ends equal on both sides when it is cut after any frame and resumed', function () {
    this.timeout(20_000)
    fc.assert(fc.property(logs, logs, choices, fc.integer({ min: 1, max: 4 }), (left, right, stream, perBatch) => {
      const choose = chooser(stream)
      const expected = sorted(union(left, right))
      const whole = run(createSide({ log: new Map(left), perBatch, initiator: true }), createSide({ log: new Map(right), perBatch, initiator: false }), choose)
      for (let cut = 1; cut <= whole; cut++) {
        const ours: ModelLog = new Map(left)
        const theirs: ModelLog = new Map(right)
        run(createSide({ log: ours, perBatch, initiator: true }), createSide({ log: theirs, perBatch, initiator: false }), choose, cut)
        const a = createSide({ log: ours, perBatch, initiator: false })
        const b = createSide({ log: theirs, perBatch, initiator: true })
        run(a, b, choose)
        expect(a.ended.map(output => output.type)).to.deep.equal(['end'])
        expect(sorted(ours)).to.deep.equal(expected)
        expect(sorted(theirs)).to.deep.equal(expected)
      }
    }), { numRuns: 20 })
  })

  it('ends equal when every attempt is cut and each brings a little', () => {
    fc.assert(fc.property(logs, logs, choices, fc.integer({ min: 8, max: 20 }), (left, right, stream, cut) => {
      const choose = chooser(stream)
      const ours: ModelLog = new Map(left)
      const theirs: ModelLog = new Map(right)
      for (let attempt = 0; attempt < 200; attempt++) {
        const a = createSide({ log: ours, perBatch: 2, initiator: attempt % 2 === 0 })
        const b = createSide({ log: theirs, perBatch: 2, initiator: attempt % 2 === 1 })
        run(a, b, choose, cut)
        if (a.ended[0]?.type === 'end' && b.ended[0]?.type === 'end') break
      }
      expect(sorted(ours)).to.deep.equal(sorted(union(left, right)))
      expect(sorted(theirs)).to.deep.equal(sorted(union(left, right)))
    }), { numRuns: 20 })
  })

  it('tells that it was interrupted', () => {
    const { outputs } = step(opened(), { type: 'closed' })
    expect(outputs).to.deep.equal([{ type: 'interrupted' }])
  })
})

describe('a live sync', () => {
  it('stays after both have everything, and pushes what is new', () => {
    const a = createSide({ log: new Map([[0, 3]]), perBatch: 2, initiator: true, live: true })
    const b = createSide({ log: new Map([[1, 3]]), perBatch: 2, initiator: false, live: true })
    run(a, b, () => 0)
    expect([a.state.phase, b.state.phase]).to.deep.equal(['live', 'live'])
    expect([a.current, b.current]).to.deep.equal([true, true])
    a.input({ type: 'page', blocks: [new Uint8Array([0, 0, 3])] })
    run(a, b, () => 0)
    expect(b.log.get(0)).to.equal(4)
    expect(a.state.outbound.acked).to.equal(a.state.outbound.sent)
    a.input({ type: 'stop' })
    run(a, b, () => 0)
    expect([a.ended, b.ended]).to.deep.equal([[{ type: 'end' }], [{ type: 'end' }]])
  })

  it('does not stay when one side does not want to', () => {
    const a = createSide({ log: new Map([[0, 3]]), perBatch: 2, initiator: true, live: true })
    const b = createSide({ log: new Map(), perBatch: 2, initiator: false, live: false })
    run(a, b, () => 0)
    expect([a.ended, b.ended]).to.deep.equal([[{ type: 'end' }], [{ type: 'end' }]])
  })

  it('waits for a silent peer without end when nothing is owed, and a while when something is', () => {
    const a = createSide({ log: new Map(), perBatch: 2, initiator: true, live: true })
    const b = createSide({ log: new Map(), perBatch: 2, initiator: false, live: true })
    run(a, b, () => 0)
    expect(patienceMs(a.state)).to.equal(undefined)
    a.input({ type: 'page', blocks: [new Uint8Array([0, 0, 0])] })
    expect(patienceMs(a.state)).to.equal(PROGRESS_TIMEOUT_MS)
  })
})

/** A side that said and heard hello, with nothing to send. */
function opened ({ live = false } = {}): SyncState {
  let state = createSyncState(CONVERSATION)
  state = step(state, { type: 'start', hello: helloOf(new Map(), { live }) }).state
  return step(state, { type: 'frame', frame: helloOf(new Map(), { live }) }).state
}

function batch (n: number): SyncFrame {
  return { v: 1, type: 'batch', n, blocks: [new Uint8Array([n])] }
}

/** Feeds inputs and returns what the last of them led to. */
function feed (state: SyncState, inputs: SyncInput[]): { name: string | undefined, reason: string, state: SyncState } {
  let outputs = step(state, { type: 'frame', frame: { v: 1, type: 'cards', cards: [] } }).outputs
  for (const input of inputs) ({ state, outputs } = step(state, input))
  const last = outputs.at(-1)
  return last?.type === 'fail' ? { name: last.error.name, reason: last.error.message, state } : { name: undefined, reason: '', state }
}

const frame = (value: SyncFrame): SyncInput => ({ type: 'frame', frame: value })

describe('a peer that does not keep to the protocol', () => {
  const cases: [string, SyncState, SyncInput[], RegExp][] = [
    ['says hello twice', opened(), [frame(helloOf(new Map()))], /hello twice/],
    ['says hello for another conversation', createSyncState(CONVERSATION), [frame({ ...helloOf(new Map()), conversation: cidOf(new Uint8Array([9])) })], /another conversation/],
    ['sends a batch before hello', createSyncState(CONVERSATION), [frame(batch(0))], /before its hello/],
    ['sends a batch twice', opened(), [frame(batch(0)), frame(batch(0))], /batch 0 came where 1 was due/],
    ['leaves out a batch', opened(), [frame(batch(1))], /batch 1 came where 0 was due/],
    ['goes on after it was done', opened(), [frame({ v: 1, type: 'done', batches: 0 }), frame(batch(0))], /after the last/],
    ['is done twice', opened({ live: true }), [frame({ v: 1, type: 'done', batches: 0 }), frame({ v: 1, type: 'done', batches: 0 })], /twice/],
    ['counts its batches wrongly', opened(), [frame({ v: 1, type: 'done', batches: 1 })], /counts 1 batches where 0 came/],
    ['acknowledges what was not sent', opened(), [frame({ v: 1, type: 'ack', through: 1, refused: 0 })], /acknowledged 1 batches/],
    ['lists in the middle of a sync', opened(), [frame({ v: 1, type: 'list', cards: [] })], /no place/],
    ['floods batches', opened(), Array.from({ length: WINDOW_BATCHES + 1 }, (_, n) => frame(batch(n))), /not acknowledged/],
    ['floods contact cards', opened(), Array.from({ length: MAX_CARD_FRAMES + 1 }, () => frame({ v: 1, type: 'cards', cards: [] })), /contact cards/]
  ]
  for (const [does, state, inputs, reason] of cases) {
    it(`is refused by name when it ${does}`, () => {
      const result = feed(state, inputs)
      expect(result.name).to.equal('ProtocolViolationError')
      expect(result.reason).to.match(reason)
      expect(result.state.phase).to.equal('ended')
    })
  }

  it('is refused by name when nothing that it sends is new', () => {
    const inputs = Array.from({ length: MAX_IDLE_BATCHES }, (_, n): SyncInput[] => [frame(batch(n)), { type: 'merged', through: n + 1, fresh: 0, refused: 0 }])
    expect(feed(opened(), inputs.flat()).reason).to.match(/nothing new/)
  })

  it('is given up on when it never says hello, and when it stops in the middle', () => {
    const greeted = step(createSyncState(CONVERSATION), { type: 'start', hello: helloOf(new Map()) }).state
    expect(patienceMs(greeted)).to.equal(HELLO_TIMEOUT_MS)
    expect(patienceMs(opened())).to.equal(PROGRESS_TIMEOUT_MS)
  })

  it('is waited for while we merge, since its window may be full', () => {
    const { state } = step(opened(), frame(batch(0)))
    expect(patienceMs(state)).to.equal(undefined)
  })

  it('ends with the name it gave when it refuses', () => {
    const { outputs } = step(opened(), frame({ v: 1, type: 'refuse', error: 'NotAllowedError', message: 'you are\nnobody' }))
    expect(outputs[0]).to.have.nested.property('error.name', 'NotAllowedError')
    expect(outputs[0]).to.have.nested.property('error.message', 'you are nobody')
    const other = step(opened(), frame({ v: 1, type: 'refuse', error: 'StorageUnavailableError', message: 'full' }))
    expect(other.outputs[0]).to.have.nested.property('error.remoteName', 'StorageUnavailableError')
  })

  it('changes nothing and gets no answer once the machine has ended, whatever comes', () => {
    const { state } = feed(opened(), [frame(batch(3))])
    expect(step(state, frame(batch(0)))).to.deep.equal({ state, outputs: [] })
  })
})
