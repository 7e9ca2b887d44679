import { expect } from 'chai'
import fc from 'fast-check'
import { emptyBoard, stepBoard, type BoardInput, type BoardOutput, type BoardState } from '../../src/presence/presence-board-machine.ts'

const deadMs = 150_000
const step = (state: BoardState, input: BoardInput): { state: BoardState, outputs: BoardOutput[] } => stepBoard(state, input, { deadMs })
const published = (stream: number, seq: number, at = 0, session = 1): BoardInput => ({ type: 'published', device: 'phone', stream, mark: { session, seq, n: 0 }, at })
const typesOf = (outputs: BoardOutput[]): string[] => outputs.map(({ type }) => type)
const run = (inputs: BoardInput[]): { state: BoardState, outputs: BoardOutput[] } => inputs.reduce((before, input) => step(before.state, input), { state: emptyBoard, outputs: [] as BoardOutput[] })

describe('the board of a person', () => {
  it('tells a statement once, and refuses it when it comes again', () => {
    const first = step(emptyBoard, published(1, 1))
    expect(typesOf(first.outputs)).to.deep.equal(['set', 'timer'])
    const again = step(first.state, published(1, 1))
    expect(typesOf(again.outputs)).to.deep.equal(['refused'])
    expect(again.state).to.equal(first.state)
  })

  it('lets a device that comes back speak by its new stream, and not be taken off by the end of the old one', () => {
    const back = run([published(1, 5), published(2, 1, 0, 0)])
    expect(typesOf(back.outputs)).to.deep.equal(['set'])
    expect(typesOf(step(back.state, { type: 'withdrawn', device: 'phone', stream: 1 }).outputs)).to.deep.equal([])
    expect(typesOf(step(back.state, published(1, 9)).outputs)).to.deep.equal(['refused'])
    expect(typesOf(step(back.state, { type: 'withdrawn', device: 'phone', stream: 2 }).outputs)).to.deep.equal(['gone'])
  })

  it('takes off who does not beat, and nobody who does', () => {
    const { state } = run([published(1, 1), { type: 'beat', device: 'phone', stream: 1, n: 1, at: 60_000 }])
    const early = step(state, { type: 'timer', at: deadMs })
    expect(early.outputs).to.deep.equal([{ type: 'timer', at: 60_000 + deadMs }])
    expect(typesOf(step(state, { type: 'timer', at: 60_000 + deadMs }).outputs)).to.deep.equal(['gone'])
  })

  it('refuses a beat that goes back, of another stream, or of nobody', () => {
    const { state } = run([published(2, 1), { type: 'beat', device: 'phone', stream: 2, n: 3, at: 1 }])
    for (const [device, stream, n] of [['phone', 2, 3], ['phone', 2, 2], ['phone', 1, 4], ['laptop', 2, 4]] as const) {
      expect(typesOf(step(state, { type: 'beat', device, stream, n, at: 2 }).outputs)).to.deep.equal(['refused'])
    }
  })

  it('takes off a revoked device', () => {
    const { state } = run([published(1, 1)])
    expect(typesOf(step(state, { type: 'devices', current: new Set(['laptop']) }).outputs)).to.deep.equal(['gone'])
  })

  it('lists exactly the devices whose newest stream said something and beats, whatever comes in what order', () => {
    const device = fc.constantFrom('phone', 'laptop')
    const stream = fc.integer({ min: 1, max: 4 })
    const input = fc.oneof(
      fc.record({ type: fc.constant('published' as const), device, stream, mark: fc.record({ session: fc.integer({ min: 0, max: 2 }), seq: fc.integer({ min: 0, max: 3 }), n: fc.integer({ min: 0, max: 2 }) }) }),
      fc.record({ type: fc.constant('beat' as const), device, stream, n: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ type: fc.constant('withdrawn' as const), device, stream }),
      fc.record({ type: fc.constant('timer' as const) })
    )
    fc.assert(fc.property(fc.array(fc.tuple(input, fc.integer({ min: 0, max: 100_000 }))), inputs => {
      let state = emptyBoard
      let at = 0
      const shown = new Set<string>()
      for (const [what, laterMs] of inputs) {
        at += laterMs
        const before = state
        const { state: after, outputs } = step(state, { ...what, at } as BoardInput)
        state = after
        for (const output of outputs) {
          if (output.type === 'set') shown.add(output.device)
          if (output.type === 'gone') expect(shown.delete(output.device)).to.equal(true)
          if (output.type === 'beat') expect(shown.has(output.device)).to.equal(true)
          if (output.type === 'refused') expect(state).to.equal(before)
          if (output.type === 'timer') expect(output.at).to.be.above(at)
        }
        expect([...state.devices.keys()].toSorted()).to.deep.equal([...shown].toSorted())
        for (const [name, listed] of state.devices) {
          const old = before.devices.get(name)
          if (old !== undefined) expect(listed.stream).to.be.at.least(old.stream)
        }
      }
      const end = step(state, { type: 'timer', at: at + deadMs })
      expect(end.state.devices.size).to.equal(0)
    }), { numRuns: 2_000 })
  })
})
