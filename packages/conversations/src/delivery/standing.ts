import type { Did } from '@parley/identity'
import type { TargetState } from './target-machine.ts'
import type { DeliveryState, DeliveryTarget, TargetReport } from './types.ts'

/** What decides how an action stands with a device or proxy. */
export interface TargetFacts {
  target: DeliveryTarget
  state: TargetState
  /** The action is on its disk. */
  has: boolean
  /** The attempt under way has handed the action over. */
  handed: boolean
}

/** Says how an action stands with a device or proxy. */
export function standingOf ({ target, state, has, handed }: TargetFacts, isRead: boolean): DeliveryState {
  if (has) return isRead ? 'complete' : target.kind === 'proxy' ? 'delivered-service' : 'delivered-user'
  switch (state.phase) {
    case 'sending': return handed ? 'sent' : 'sending'
    case 'failed': return 'failed'
    case 'quiet':
    case 'away':
    case 'waiting': return state.attempts > 0 ? 'temporary-failure' : 'pending'
  }
}

export function reportOf (facts: TargetFacts, isRead: boolean): TargetReport {
  const { state, has } = facts
  return {
    target: facts.target,
    state: standingOf(facts, isRead),
    attempts: has ? 0 : state.attempts,
    ...(state.phase === 'waiting' && !has ? { nextAttempt: state.nextAt } : {}),
    errors: has ? [] : state.errors
  }
}

/** What comes first tells more of how far an action came with a person. */
const BEST: readonly DeliveryState[] = ['complete', 'delivered-user', 'delivered-service', 'sent', 'sending', 'pending', 'temporary-failure', 'failed']

/** Says how an action stands with a person, by their devices and proxies. */
export function personReport (person: Did, theirs: readonly TargetReport[], isRead: boolean): TargetReport {
  const target: DeliveryTarget = { kind: 'person', did: person, person, name: '' }
  const isBrought = theirs.every(({ target, state }) => target.kind === 'device' || state === 'complete')
  const best = BEST.find(state => theirs.some(report => report.state === state)) ?? 'pending'
  const nextAttempts = theirs.flatMap(({ nextAttempt }) => nextAttempt ?? [])
  return {
    target,
    state: isRead ? isBrought ? 'complete' : 'read' : best,
    attempts: theirs.reduce((sum, { attempts }) => sum + attempts, 0),
    ...(nextAttempts.length > 0 ? { nextAttempt: Math.min(...nextAttempts) } : {}),
    errors: theirs.flatMap(({ errors }) => errors).sort((a, b) => a.at - b.at)
  }
}
