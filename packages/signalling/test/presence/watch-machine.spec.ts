import { expect } from 'chai'
import fc from 'fast-check'
import { REMEMBER_MS, emptyWatch, stepWatch, type WatchInput, type WatchState } from '../../src/presence/presence-watch-machine.ts'
import type { DevicePresence } from '../../src/index.ts'

const BEAT_MS = 60_000
const deadMs = 150_000
const told: DevicePresence = { device: 'phone', platform: 'mobile', availability: 'live', doNotDisturb: false }

/** Plays inputs, and the timers that the machine asks for, until `untilMs`; returns what was told when. */
function play (inputs: WatchInput[], untilMs: number): { state: WatchState, views: Array<{ at: number, reach: string }> } {
  let state = emptyWatch
  const views: Array<{ at: number, reach: string }> = []
  const timers: number[] = []
  const take = (input: WatchInput): void => {
    const step = stepWatch(state, input, { deadMs })
    state = step.state
    for (const output of step.outputs) {
      if (output.type === 'changed') views.push({ at: input.at, reach: output.reach })
      if (output.type === 'timer') timers.push(output.at)
    }
  }
  const ring = (before: number): void => {
    for (;;) {
      const next = Math.min(...timers)
      if (next > before) return
      timers.splice(timers.indexOf(next), 1)
      take({ type: 'timer', at: next })
    }
  }
  for (const input of inputs) { ring(input.at); take(input) }
  ring(untilMs)
  return { state, views }
}

const up = (board: string, at: number, proxy = true): WatchInput => ({ type: 'up', board, proxy, at })
const said = (board: string, n: number, at: number, { seq = 1, session = 1, sessionMs = n * BEAT_MS, what = told }: { seq?: number, session?: number, sessionMs?: number, what?: DevicePresence } = {}): WatchInput =>
  ({ type: 'told', board, told: what, mark: { session, seq, n }, sessionMs, at })
const reaches = (inputs: WatchInput[], untilMs: number): string[] => play(inputs, untilMs).views.map(({ reach }) => reach)

describe('a watched person', () => {
  it('is what the best board says, and unreachable without any', () => {
    expect(reaches([up('a', 0), said('a', 0, 1), { type: 'down', board: 'a', at: 2 }], 3)).to.deep.equal(['proxy-only', 'live', 'unreachable'])
    expect(reaches([up('phone', 0, false), said('phone', 0, 1), { type: 'gone', board: 'phone', device: 'phone', at: 2 }], 3)).to.deep.equal(['unreachable', 'live', 'unreachable'])
  })

  it('stays while another board lists the device', () => {
    const { views } = play([up('a', 0), up('b', 0), said('a', 0, 1), said('b', 0, 2), { type: 'gone', board: 'a', device: 'phone', at: 3 }, { type: 'down', board: 'a', at: 4 }], 5)
    expect(views.at(-1)?.reach).to.equal('live')
  })

  it('is not live any longer than two and a half minutes after the device last beat, whatever a board repeats', () => {
    const repeated = Array.from({ length: 50 }, (_, index) => said('a', 1, 60_000 + index * 10_000))
    const { views } = play([up('a', 0), said('a', 0, 0), ...repeated], 10 * 60_000)
    expect(views.at(-1)).to.deep.equal({ at: 60_000 + deadMs, reach: 'proxy-only' })
  })

  it('does not take an older session, until it has forgotten the newer one', () => {
    const before = [up('a', 0), said('a', 0, 0, { session: 7 })]
    const { state } = play(before, 1_000)
    const old = stepWatch(state, said('a', 0, 1_000, { session: 6, what: { ...told, availability: 'busy' } }), { deadMs })
    expect(old.outputs.map(({ type }) => type)).to.deep.equal(['refused'])
    expect(reaches([...before, said('a', 0, deadMs + REMEMBER_MS + 1, { session: 6 })], deadMs + REMEMBER_MS + 2)).to.deep.equal(['proxy-only', 'live', 'proxy-only', 'live'])
  })

  it('keeps what is newest when boards differ', () => {
    const busy = { ...told, availability: 'busy' as const }
    expect(reaches([up('a', 0), up('b', 0), said('a', 0, 1, { seq: 2, what: busy }), said('b', 0, 2, { seq: 1 })], 3)).to.deep.equal(['proxy-only', 'proxy-only', 'busy'])
  })

  it('forgets revoked devices', () => {
    expect(reaches([up('a', 0), said('a', 0, 1), { type: 'devices', current: new Set(), at: 2 }], 3)).to.deep.equal(['proxy-only', 'live', 'proxy-only'])
  })

  it('believes a hostile board no longer than the lifetime past the last beat, however it holds back, repeats and mixes them', () => {
    // Until `diesMs` the device beats. One word reaches us at once, over any board; what the hostile one got it tells when it likes, never before it was said.
    const plan = fc.record({
      promptAt: fc.integer({ min: 0, max: 10 }),
      lastBeat: fc.integer({ min: 10, max: 40 }),
      pace: fc.integer({ min: -40, max: 40 }).map(ppm => 1 + ppm / 1e6),
      words: fc.array(fc.record({ n: fc.integer({ min: 0, max: 40 }), heldMs: fc.integer({ min: 0, max: 3 * 60 * 60_000 }), seq: fc.constant(1) }), { maxLength: 60 })
    })
    fc.assert(fc.property(plan, ({ promptAt, lastBeat, pace, words }) => {
      const saidAt = (n: number): number => n * BEAT_MS * pace
      const late = words.filter(({ n }) => n <= lastBeat).map(({ n, heldMs }) => said('evil', n, Math.max(saidAt(n), saidAt(promptAt)) + heldMs))
      const inputs = [up('evil', 0), up('good', 0), said('good', promptAt, saidAt(promptAt)), { type: 'down' as const, board: 'good', at: saidAt(promptAt) + 1 }, ...late].toSorted((a, b) => a.at - b.at)
      const { views } = play(inputs, 24 * 60 * 60_000)
      const end = saidAt(lastBeat) + deadMs
      // Clocks of unequal speed may stretch it by half a thousandth.
      for (const [index, { at, reach }] of views.entries()) {
        const until = views[index + 1]?.at ?? Infinity
        if (reach === 'live') expect(until).to.be.at.most(end + 0.0006 * (end + 4 * 60 * 60_000) + 1, `live from ${at}`)
      }
      expect(views.at(-1)?.reach).to.not.equal('live')
    }), { numRuns: 3_000 })
  })

  it('ends with the truth however streams broke, once every board has told all it has', () => {
    const event = fc.record({ board: fc.constantFrom('a', 'b'), what: fc.constantFrom('up', 'down', 'told', 'again', 'gone', 'silence'), availability: fc.constantFrom('live' as const, 'can-ring' as const, 'busy' as const) })
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, present) => {
      let at = 0
      let seq = 0
      let last: DevicePresence = told
      const inputs: WatchInput[] = []
      const lineup = new Set<string>()
      for (const { board, what, availability } of events) {
        at += what === 'silence' ? 200_000 : 10
        if (what === 'up') { lineup.add(board); inputs.push(up(board, at)) }
        if (what === 'down') { lineup.delete(board); inputs.push({ type: 'down', board, at }) }
        if (what === 'gone') inputs.push({ type: 'gone', board, device: 'phone', at })
        if (what === 'told') { last = { ...told, availability }; seq++ }
        if (what === 'told' || what === 'again') inputs.push(said(board, 0, at, { seq, sessionMs: at, what: last }))
      }
      at += 10
      for (const board of ['a', 'b']) {
        inputs.push({ type: 'down', board, at }, up(board, at))
        if (present) inputs.push(said(board, 0, at, { seq: seq + 1, sessionMs: at, what: last }))
      }
      const { state } = play(inputs, at)
      const expected = present ? { live: 'live', 'can-ring': 'ringing-possible', busy: 'busy' }[last.availability] : 'proxy-only'
      expect((JSON.parse(state.view) as [string])[0]).to.equal(expected)
    }), { numRuns: 2_000 })
  })
})
