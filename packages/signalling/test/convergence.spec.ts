import { expect } from 'chai'
import fc from 'fast-check'
import { simulate, type Plan } from './call-simulation.ts'

const LONGEST_DELAY_MS = 3_000
const plan = (more: Partial<Record<keyof Plan, fc.Arbitrary<unknown>>> = {}): fc.Arbitrary<Plan> => fc.record({
  seed: fc.integer(),
  loss: fc.constantFrom(0, 0.1, 0.4, 0.8, 1),
  duplication: fc.constantFrom(0, 0.3),
  delayMs: fc.constantFrom(1, 300, LONGEST_DELAY_MS),
  skewsMs: fc.array(fc.integer({ min: -300_000, max: 300_000 }), { minLength: 5, maxLength: 5 }),
  clocksKnown: fc.boolean(),
  actions: fc.array(fc.record({ what: fc.constantFrom('accept', 'reject', 'unavailable', 'nothing'), afterMs: fc.integer({ min: 0, max: 70_000 }) }), { maxLength: 3 }),
  proxy: fc.option(fc.record({ captures: fc.boolean(), afterMs: fc.integer({ min: 0, max: 5_000 }) }), { nil: undefined }),
  callerLeavesMs: fc.integer({ min: 0, max: 150_000 }),
  crashes: fc.array(fc.record({ node: fc.integer({ min: 0, max: 4 }), atMs: fc.integer({ min: 0, max: 120_000 }) }), { maxLength: 2 }),
  replay: fc.constantFrom(0, 0.2),
  ...more
}) as fc.Arbitrary<Plan>

describe('a call over a network that loses, doubles, delays and reorders, with wrong clocks and crashes', function () {
  this.timeout(60_000)

  it('has exactly one terminal event at every end that lives, and comes to rest', async () => {
    await fc.assert(fc.asyncProperty(plan(), async plan => {
      const { caller, callees, finishedAt } = await simulate(plan)
      expect(caller.ends.length, 'terminals of the caller').to.be.oneOf(caller.crashed ? [0, 1] : [1])
      for (const { crashed, ends } of callees) {
        for (const end of ends) expect(end.length, 'terminals of an offer').to.be.oneOf(crashed ? [0, 1] : [1])
      }
      expect(finishedAt).to.be.below(25 * 60_000)
    }), { numRuns: 700 })
  })

  it('rings once on a device whatever is replayed, and never longer than the offer lives', async () => {
    await fc.assert(fc.asyncProperty(plan({ replay: fc.constant(0.8), duplication: fc.constant(0.5) }), async plan => {
      for (const { crashed, rangFrom, rangUntil } of (await simulate(plan)).callees) {
        expect(rangFrom.length).to.be.at.most(1)
        rangFrom.forEach((from, ring) => { if (!crashed) expect((rangUntil[ring] ?? Infinity) - from).to.be.at.most(60_000) })
      }
    }), { numRuns: 400 })
  })

  it('stops ringing everywhere soon after the caller has ended, when most gets through', async () => {
    await fc.assert(fc.asyncProperty(plan({
      skewsMs: fc.array(fc.integer({ min: -149_000, max: 149_000 }), { minLength: 5, maxLength: 5 }),
      loss: fc.constantFrom(0, 0.1),
      crashes: fc.constant([]),
      clocksKnown: fc.constant(true),
      replay: fc.constant(0)
    }), async plan => {
      const { caller, callees } = await simulate(plan)
      for (const { rangUntil } of callees) for (const until of rangUntil) expect(until).to.be.at.most(caller.endedAt + 30_000)
    }), { numRuns: 300 })
  })

  it('agrees on the end at both sides when nothing is lost, whatever the clocks say', async () => {
    await fc.assert(fc.asyncProperty(plan({
      // Each clock is wrong by up to half of the window, so that no two differ by more.
      skewsMs: fc.array(fc.integer({ min: -149_000, max: 149_000 }), { minLength: 5, maxLength: 5 }),
      loss: fc.constant(0), delayMs: fc.constant(1), crashes: fc.constant([]), clocksKnown: fc.constant(true), replay: fc.constant(0), callerLeavesMs: fc.integer({ min: 5_000, max: 50_000 })
    }), async plan => {
      const { caller, callees } = await simulate(plan)
      const status = caller.ends[0]?.status
      const winners = callees.flatMap(({ ends }) => ends.flat()).filter(({ status }) => status === 'completed' || status === 'stored' || status === 'rejected')
      if (status === 'completed') expect(winners.some(end => end.status === 'completed')).to.equal(true)
      if (status === 'stored') expect(winners.some(end => end.status === 'stored')).to.equal(true)
      if (status === 'rejected') expect(winners.some(end => end.status === 'rejected')).to.equal(true)
      for (const { rangUntil } of callees) for (const until of rangUntil) expect(until).to.be.at.most(caller.endedAt + 10)
    }), { numRuns: 300 })
  })

  it('reaches the proxy over a bad network: a device that is off does not matter', async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), async seed => {
      const { caller, accepts } = await simulate({
        seed, loss: 0.2, duplication: 0, delayMs: 300, skewsMs: [0, 0, 0], clocksKnown: false, actions: [{ what: 'nothing', afterMs: 0 }],
        proxy: { captures: true, afterMs: 0 }, callerLeavesMs: 100_000, crashes: [{ node: 1, atMs: 0 }], replay: 0
      })
      expect(accepts).to.deep.equal(['capture'])
      expect(caller.ends[0]?.status).to.equal('stored')
    // Chance may lose every attempt, so the seeds are always the same.
    }), { numRuns: 100, seed: 1 })
  })
})
