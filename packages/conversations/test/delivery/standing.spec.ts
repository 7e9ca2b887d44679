import { expect } from 'chai'
import { personReport, reportOf, standingOf } from '../../src/delivery/standing.ts'
import { createTargetState, type TargetState } from '../../src/delivery/target-machine.ts'
import type { DeliveryState, DeliveryTarget, TargetReport } from '../../src/delivery/types.ts'

const quiet = createTargetState()
const error = { at: 5, code: 'TimeoutError', detail: 'no', retryable: true }
const target = (kind: 'device' | 'proxy'): DeliveryTarget => ({ kind, did: `did:key:${kind}`, person: 'did:key:bob', name: kind })
const report = (kind: 'device' | 'proxy', state: DeliveryState): TargetReport => ({ target: target(kind), state, attempts: 0, errors: [] })

describe('an action and a device or proxy', () => {
  const cases: Array<[string, TargetState, { kind?: 'device' | 'proxy', has?: boolean, handed?: boolean, read?: boolean }, DeliveryState]> = [
    ['nothing was tried', quiet, {}, 'pending'],
    ['it cannot be dialled', { ...quiet, phase: 'away' }, {}, 'pending'],
    ['it is tried', { ...quiet, phase: 'sending', again: false }, {}, 'sending'],
    ['it was handed the action', { ...quiet, phase: 'sending', again: false }, { handed: true }, 'sent'],
    ['an attempt failed', { ...quiet, phase: 'waiting', nextAt: 9, attempts: 1, errors: [error] }, {}, 'temporary-failure'],
    ['nobody tries any more', { ...quiet, phase: 'failed', attempts: 9 }, {}, 'failed'],
    ['a proxy has it', quiet, { kind: 'proxy', has: true }, 'delivered-service'],
    ['a device has it', { ...quiet, phase: 'waiting', nextAt: 9, attempts: 1 }, { has: true }, 'delivered-user'],
    ['it has it and the person has read it', quiet, { has: true, read: true }, 'complete'],
    ['the person has read it elsewhere', { ...quiet, phase: 'away' }, { read: true }, 'pending']
  ]
  for (const [situation, state, { kind = 'device', has = false, handed = false, read = false }, expected] of cases) {
    it(`is ${expected} when ${situation}`, () => {
      expect(standingOf({ target: target(kind), state, has, handed }, read)).to.equal(expected)
    })
  }

  it('tells no failures of what arrived', () => {
    const state: TargetState = { ...quiet, phase: 'waiting', nextAt: 9, attempts: 1, errors: [error] }
    expect(reportOf({ target: target('device'), state, has: true, handed: false }, false)).to.deep.include({ attempts: 0, errors: [] }).and.not.property('nextAttempt')
    expect(reportOf({ target: target('device'), state, has: false, handed: false }, false)).to.deep.include({ attempts: 1, errors: [error], nextAttempt: 9 })
  })
})

describe('an action and a person', () => {
  const cases: Array<[TargetReport[], boolean, DeliveryState]> = [
    [[], false, 'pending'],
    [[report('proxy', 'temporary-failure'), report('device', 'pending')], false, 'pending'],
    [[report('proxy', 'temporary-failure'), report('proxy', 'failed')], false, 'temporary-failure'],
    [[report('proxy', 'failed')], false, 'failed'],
    [[report('proxy', 'delivered-service'), report('device', 'pending')], false, 'delivered-service'],
    [[report('proxy', 'delivered-service'), report('device', 'delivered-user')], false, 'delivered-user'],
    [[report('proxy', 'temporary-failure'), report('device', 'pending')], true, 'read'],
    [[report('proxy', 'complete'), report('device', 'pending')], true, 'complete']
  ]
  for (const [theirs, isRead, expected] of cases) {
    it(`is ${expected} when its targets are ${theirs.map(({ state }) => state).join(', ') || 'unknown'}${isRead ? ' and it was read' : ''}`, () => {
      expect(personReport('did:key:bob', theirs, isRead).state).to.equal(expected)
    })
  }
})
