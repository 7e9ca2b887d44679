import { expect } from 'chai'
import * as fc from 'fast-check'
import { MAX_AHEAD_MS, compareTimes, createHybridClock, createVirtualClock, type HybridTime } from '../src/index.ts'

const START_MS = 1_700_000_000_000

type Step = { type: 'next' } | { type: 'wall', byMs: number } | { type: 'hear', byMs: number, counter: number }

const steps = fc.array(fc.oneof(
  fc.constant<Step>({ type: 'next' }),
  fc.record({ type: fc.constant('wall' as const), byMs: fc.integer({ min: -100_000, max: 100_000 }) }),
  fc.record({ type: fc.constant('hear' as const), byMs: fc.integer({ min: -200_000, max: 200_000 }), counter: fc.oneof(fc.nat(5), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER)) })
), { maxLength: 60 })

describe('a hybrid clock', () => {
  it('issues the wall time, and counts within one millisecond', () => {
    const clock = createVirtualClock(START_MS)
    const hybrid = createHybridClock({ clock })
    expect(hybrid.next()).to.deep.equal({ wallMs: START_MS, counter: 0, offsetMinutes: 0 })
    expect(hybrid.next()).to.deep.equal({ wallMs: START_MS, counter: 1, offsetMinutes: 0 })
    clock.setWall(START_MS + 1)
    expect(hybrid.next()).to.deep.equal({ wallMs: START_MS + 1, counter: 0, offsetMinutes: 0 })
  })

  it('goes on after the newest time from before a restart', () => {
    const last: HybridTime = { wallMs: START_MS + 5000, counter: 3, offsetMinutes: 0 }
    const hybrid = createHybridClock({ clock: createVirtualClock(START_MS) }, { last })
    expect(compareTimes(hybrid.next(), last)).to.be.greaterThan(0)
  })

  it('only ever issues later times, later than all it accepted, whatever the wall does', () => {
    fc.assert(fc.property(steps, list => {
      const clock = createVirtualClock(START_MS)
      const hybrid = createHybridClock({ clock })
      let newest: HybridTime = { wallMs: 0, counter: 0, offsetMinutes: 0 }
      for (const step of list) {
        if (step.type === 'wall') {
          clock.setWall(clock.now() + step.byMs)
        } else if (step.type === 'hear') {
          const time = { wallMs: clock.now() + step.byMs, counter: step.counter, offsetMinutes: 0 }
          const accepted = hybrid.hear(time)
          expect(accepted).to.equal(step.byMs <= MAX_AHEAD_MS)
          if (accepted && compareTimes(time, newest) > 0) newest = time
        } else {
          const time = hybrid.next()
          expect(compareTimes(time, newest)).to.be.greaterThan(0)
          expect(Number.isSafeInteger(time.counter)).to.equal(true)
          newest = time
        }
      }
    }))
  })

  it('refuses a time that is no pair of whole numbers', () => {
    const hybrid = createHybridClock({ clock: createVirtualClock(START_MS) })
    for (const [wallMs, counter] of [[Number.NaN, 0], [START_MS, 0.5], [-1, 0], [START_MS, -1], [START_MS, 2 ** 53]] as const) {
      expect(hybrid.hear({ wallMs, counter, offsetMinutes: 0 })).to.equal(false)
    }
    expect(hybrid.next().wallMs).to.equal(START_MS)
  })

  it('carries the UTC offset of whoever writes, and refuses one that cannot be', () => {
    const clock = createVirtualClock(START_MS)
    expect(createHybridClock({ clock }, { offsetMinutes: () => -210 }).next().offsetMinutes).to.equal(-210)
    expect(() => createHybridClock({ clock }, { offsetMinutes: () => 2000 }).next()).to.throw().with.property('name', 'InvalidArgumentError')
  })
})
