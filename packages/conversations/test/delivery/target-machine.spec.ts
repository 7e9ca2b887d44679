import { expect } from 'chai'
import fc from 'fast-check'
import { DELIVERY_POLICY as policy, MAX_ERRORS } from '../../src/delivery/limits.ts'
import { createTargetState, stepTarget, type TargetInput, type TargetOutput, type TargetState } from '../../src/delivery/target-machine.ts'

const START = 1_700_000_000_000
const MINUTE = 60_000

/** Steps through inputs; returns the last state and all outputs. */
function through (...inputs: TargetInput[]): { state: TargetState, outputs: TargetOutput[] } {
  let state = createTargetState()
  const outputs: TargetOutput[] = []
  for (const input of inputs) {
    const next = stepTarget(state, input, policy)
    state = next.state
    outputs.push(...next.outputs)
  }
  return { state, outputs }
}

const owed = (at = START, { reachable = true, fresh = true } = {}): TargetInput => ({ type: 'owed', at, reachable, fresh })
const due = (at = START): TargetInput => ({ type: 'due', at })
const failed = (at: number, { retryable = true, chance = 0.5, code = 'PeerUnreachableError' } = {}): TargetInput => ({ type: 'failed', error: { at, code, detail: 'no', retryable }, chance })

describe('a target that lacks something', () => {
  it('is tried at once', () => {
    expect(through(owed(), due())).to.deep.equal({
      state: { attempts: 0, failingSince: undefined, lastAt: START, errors: [], phase: 'sending', again: false },
      outputs: [{ type: 'wake', at: START }, { type: 'send' }]
    })
  })

  it('is quiet and clean once it has everything', () => {
    const { state } = through(owed(), due(), failed(START), due(START + 1000), { type: 'done', at: START + 1500 })
    expect(state).to.deep.equal({ attempts: 0, failingSince: undefined, lastAt: START + 1500, errors: [], phase: 'quiet' })
  })

  it('is tried again when something came up meanwhile', () => {
    const { state } = through(owed(), due(), owed(START + 5), { type: 'done', at: START + 10 })
    expect(state).to.include({ phase: 'waiting', nextAt: START + 10 })
  })

  it('is not tried again at once when an attempt did not bring all', () => {
    const { state } = through(owed(), due(), { type: 'done', at: START }, owed(START, { fresh: false }))
    expect(state).to.include({ phase: 'waiting', nextAt: START + policy.freshPauseMs })
  })

  it('waits for it to appear where it cannot be dialled', () => {
    const away = through(owed(START, { reachable: false }))
    expect(away.state.phase).to.equal('away')
    expect(away.outputs).to.deep.equal([])
    expect(through(owed(START, { reachable: false }), { type: 'appeared', at: START + MINUTE, asked: false }).state).to.include({ phase: 'waiting', nextAt: START + MINUTE })
  })

  it('is let be once somebody else brought it', () => {
    expect(through(owed(), { type: 'covered' }).state.phase).to.equal('quiet')
  })
})

describe('a target whose attempts fail', () => {
  it('is tried after pauses that double, up to five minutes', () => {
    let state = stepTarget(createTargetState(), owed(), policy).state
    const pauses: number[] = []
    for (let at = START; pauses.length < 12;) {
      state = stepTarget(state, due(at), policy).state
      state = stepTarget(state, failed(at), policy).state
      if (state.phase !== 'waiting') break
      pauses.push(state.nextAt - at)
      at = state.nextAt
    }
    expect(pauses).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map(seconds => seconds * 1000))
  })

  it('keeps the reasons, the newest last', () => {
    const { state } = through(owed(), due(), failed(START, { code: 'TimeoutError' }), due(START + 1000), failed(START + 1000))
    expect(state.errors.map(({ code }) => code)).to.deep.equal(['TimeoutError', 'PeerUnreachableError'])
    expect(state).to.include({ attempts: 2, failingSince: START })
  })

  it('is tried at once when it appears', () => {
    const before = [owed(), due(), failed(START), due(START + MINUTE), failed(START + MINUTE), due(START + 2 * MINUTE), failed(START + 2 * MINUTE)]
    expect(through(...before, { type: 'appeared', at: START + 2 * MINUTE + 1500, asked: false }).state).to.include({ phase: 'waiting', nextAt: START + 2 * MINUTE + 1500 })
  })

  it('is not tried more than once a second though it comes and goes', () => {
    expect(through(owed(), due(), failed(START, { chance: 1 }), { type: 'appeared', at: START + 10, asked: false }).state).to.include({ nextAt: START + policy.appearPauseMs })
  })

  it('rests after refusals, until it appears or there is something new', () => {
    let state = stepTarget(createTargetState(), owed(), policy).state
    let at = START
    for (let refusal = 0; refusal < policy.maxRefusals; refusal++) {
      if (state.phase === 'waiting') at = state.nextAt
      state = stepTarget(stepTarget(state, due(at), policy).state, failed(at, { retryable: false, code: 'NotAllowedError' }), policy).state
    }
    expect(state.phase).to.equal('failed')
    expect(stepTarget(state, owed(at, { fresh: false }), policy).state.phase).to.equal('failed')
    expect(stepTarget(state, owed(at + MINUTE), policy).state).to.include({ phase: 'waiting', nextAt: at + MINUTE })
    expect(stepTarget(state, { type: 'appeared', at: at + MINUTE, asked: false }, policy).state).to.include({ phase: 'waiting', nextAt: at + MINUTE })
  })

  it('rests after a month', () => {
    expect(through(owed(), due(), failed(START), due(START + policy.giveUpMs), failed(START + policy.giveUpMs)).state.phase).to.equal('failed')
  })

  it('is not counted as failed when we stop in the middle', () => {
    expect(through(owed(), due(), { type: 'interrupted', at: START + 5 }).state).to.include({ phase: 'waiting', attempts: 0, nextAt: START + 5 })
  })

  it('is tried although the clock was set back', () => {
    const { state } = through(owed(), due(), failed(START), due(START - 100 * MINUTE))
    expect(state.phase === 'waiting' ? state.nextAt : 0).to.be.at.most(START - 100 * MINUTE + policy.maxPauseMs * 1.25)
  })
})

describe('a target, whatever comes in whatever order', () => {
  const input = (at: number): fc.Arbitrary<TargetInput> => fc.oneof(
    fc.record({ reachable: fc.boolean(), fresh: fc.boolean() }).map(options => owed(at, options)),
    fc.constant<TargetInput>({ type: 'covered' }),
    fc.boolean().map((asked): TargetInput => ({ type: 'appeared', at, asked })),
    fc.constant(due(at)),
    fc.constant<TargetInput>({ type: 'done', at }),
    fc.record({ retryable: fc.boolean(), chance: fc.double({ min: 0, max: 1, noNaN: true }) }).map(options => failed(at, options)),
    fc.constant<TargetInput>({ type: 'interrupted', at })
  )
  const steps = fc.array(fc.nat(10 * MINUTE), { maxLength: 60 }).chain(gaps => {
    let at = START
    return fc.tuple(...gaps.map(gap => input(at += gap)))
  })

  it('is sent to once at a time, keeps little and waits no longer than it may', () => {
    fc.assert(fc.property(steps, inputs => {
      let state = createTargetState()
      for (const input of inputs) {
        const { state: next, outputs } = stepTarget(state, input, policy)
        const sends = outputs.filter(({ type }) => type === 'send').length
        expect(sends).to.equal(state.phase !== 'sending' && next.phase === 'sending' ? 1 : 0)
        expect(next.errors.length).to.be.at.most(Math.min(MAX_ERRORS, next.attempts))
        if (next.phase === 'waiting') {
          expect(outputs.length > 0 || next === state).to.equal(true)
          if ('at' in input) expect(next.nextAt - input.at).to.be.at.most(policy.maxPauseMs * 1.25)
        }
        if (next.phase === 'quiet') expect(next.attempts).to.equal(0)
        state = next
      }
    }))
  })

  it('is tried once it appears, whatever was before, unless it has everything', () => {
    fc.assert(fc.property(steps, inputs => {
      const { state } = through(...inputs)
      const at = START + 60 * 10 * MINUTE
      const after = stepTarget(stepTarget(state, { type: 'appeared', at, asked: true }, policy).state, due(at), policy).state
      expect(after.phase).to.equal(state.phase === 'quiet' ? 'quiet' : 'sending')
    }))
  })
})
