import { cidOf } from '@parley/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { planRetry, type RetryPlan } from '../../src/attachments/retry-plan.ts'
import { createLabelChanges } from '../../src/library/label-changes.ts'
import { mergeReports } from '../../src/sync-report.ts'

describe('a try that failed', () => {
  it('is made again later each time, never later than in an hour', () => {
    fc.assert(fc.property(fc.nat(100), fc.nat(1e9), (failures, nowMs) => {
      let plan: RetryPlan | undefined
      for (let index = 0; index <= failures; index++) {
        const next = planRetry(plan, nowMs)
        expect(next.notBefore - nowMs).to.be.within(1000, 3_600_000).and.at.least((plan?.notBefore ?? 0) - nowMs)
        plan = next
      }
      expect(plan?.attempts).to.equal(failures + 1)
    }))
  })
})

describe('labels among other marks', () => {
  it('count as changed when they are others than before', () => {
    const labels = createLabelChanges()
    const [one, other] = [cidOf(Uint8Array.of(1)), cidOf(Uint8Array.of(2))]
    expect([labels.changed(one, []), labels.changed(one, []), labels.changed(other, []), labels.changed(one, ['a']), labels.changed(one, ['a']), labels.changed(one, [])])
      .to.deep.equal([true, false, true, true, false, true])
  })
})

describe('reports of several rounds', () => {
  it('name everybody once, and call nobody reached who was not in one of them', () => {
    expect(mergeReports([
      { reached: ['Ann', 'Bob'], unreachable: [] },
      { reached: ['Ann'], unreachable: [{ who: 'Bob', reason: 'off' }] },
      { reached: [], unreachable: [{ who: 'Cid', reason: 'away' }] }
    ])).to.deep.equal({ reached: ['Ann'], unreachable: [{ who: 'Bob', reason: 'off' }, { who: 'Cid', reason: 'away' }] })
  })
})
