import { MAX_ERRORS } from './limits.ts'
import type { DeliveryError } from './types.ts'

/** How attempts are spaced, in milliseconds. */
export interface DeliveryPolicy {
  /** Pause after the first failure; doubled with each that follows, up to `maxPauseMs`, and a quarter more or less by chance. */
  firstPauseMs: number
  maxPauseMs: number
  /** Least pause after an attempt when the target appears. */
  appearPauseMs: number
  /** Least pause after a failed attempt when something new is to be brought, and after one that did not bring all. */
  freshPauseMs: number
  /** Refusals in a row after which nobody tries by themselves: the target may hear a moment later of what makes it take the conversation. */
  maxRefusals: number
  /** Nobody tries by themselves when all attempts failed for so long. */
  giveUpMs: number
}

/** What is known of attempts since the last success. Times are wall milliseconds. */
interface Attempts {
  /** Failures in a row. */
  readonly attempts: number
  readonly failingSince: number | undefined
  readonly lastAt: number | undefined
  readonly errors: readonly DeliveryError[]
}

/** One target of one conversation. */
export type TargetState = Attempts & (
  /** Nothing is to be done. */
  | { readonly phase: 'quiet' }
  /** Something is owed, and the target cannot be dialled. */
  | { readonly phase: 'away' }
  /** Tried when it is `nextAt`. */
  | { readonly phase: 'waiting', readonly nextAt: number }
  /** `again`: something came up that this attempt may not bring. */
  | { readonly phase: 'sending', readonly again: boolean }
  /** Something is owed, and it is not tried until the target appears or something new is owed. */
  | { readonly phase: 'failed' }
)

export type TargetInput =
  /** The target lacks something; `fresh` when that was just stored. */
  | { type: 'owed', at: number, reachable: boolean, fresh: boolean }
  /** The target has everything. */
  | { type: 'covered' }
  /** It is there; `asked` when somebody wants it tried now. */
  | { type: 'appeared', at: number, asked: boolean }
  | { type: 'due', at: number }
  | { type: 'done', at: number }
  /** `chance` is a random number from 0 to 1. */
  | { type: 'failed', error: DeliveryError, chance: number }
  /** We stopped in the middle. */
  | { type: 'interrupted', at: number }

export type TargetOutput = { type: 'send' } | { type: 'wake', at: number }

export interface TargetStep { state: TargetState, outputs: TargetOutput[] }

const FRESH: Attempts = { attempts: 0, failingSince: undefined, lastAt: undefined, errors: [] }

/** Returns the state of a target of which nothing is known. */
export function createTargetState (): TargetState {
  return { ...FRESH, phase: 'quiet' }
}

/** Decides when a target is tried; does nothing itself. */
export function stepTarget (state: TargetState, input: TargetInput, policy: DeliveryPolicy): TargetStep {
  switch (input.type) {
    case 'owed': return owed(state, input, policy)
    case 'covered': return state.phase === 'sending' || (state.phase === 'quiet' && state.attempts === 0) ? stay(state) : stay({ ...FRESH, lastAt: state.lastAt, phase: 'quiet' })
    case 'appeared': return appeared(state, input, policy)
    case 'due':
      if (state.phase !== 'waiting') return stay(state)
      // The clock may have been set back since.
      if (input.at < state.nextAt) return waitUntil(state, Math.min(state.nextAt, input.at + longest(policy)))
      return { state: { ...attemptsOf(state), phase: 'sending', again: false, lastAt: input.at }, outputs: [{ type: 'send' }] }
    case 'done': {
      if (state.phase !== 'sending') return stay(state)
      const clean: Attempts = { ...FRESH, lastAt: input.at }
      return state.again ? waitUntil({ ...clean, phase: 'quiet' }, input.at) : stay({ ...clean, phase: 'quiet' })
    }
    case 'failed': return state.phase === 'sending' ? failed(state, input, policy) : stay(state)
    case 'interrupted': return state.phase === 'sending' ? waitUntil(state, input.at) : stay(state)
  }
}

function owed (state: TargetState, { at, reachable, fresh }: { at: number, reachable: boolean, fresh: boolean }, policy: DeliveryPolicy): TargetStep {
  if (state.phase === 'sending') return stay({ ...state, again: state.again || fresh })
  if (state.phase === 'failed' && !fresh) return stay(state)
  if (!reachable) return stay({ ...attemptsOf(state), phase: 'away' })
  const soon = Math.max(at, (state.lastAt ?? at - policy.freshPauseMs) + policy.freshPauseMs)
  if (state.phase === 'waiting') return waitUntil(state, fresh ? Math.min(state.nextAt, soon) : state.nextAt)
  // Tried before without all being brought: not again at once, or it would never rest.
  const isFirst = state.attempts === 0 && (fresh || state.phase === 'away')
  return waitUntil(state, isFirst ? at : soon)
}

function appeared (state: TargetState, { at, asked }: { at: number, asked: boolean }, policy: DeliveryPolicy): TargetStep {
  if (state.phase === 'quiet' || state.phase === 'sending') return stay(state)
  const soonest = asked || state.lastAt === undefined ? at : Math.max(at, Math.min(state.lastAt, at) + policy.appearPauseMs)
  return waitUntil(state, state.phase === 'waiting' ? Math.min(state.nextAt, soonest) : soonest)
}

function failed (state: TargetState, { error, chance }: { error: DeliveryError, chance: number }, policy: DeliveryPolicy): TargetStep {
  const { at, retryable } = error
  const attempts = state.attempts + 1
  const failingSince = state.failingSince ?? at
  const past: Attempts = { attempts, failingSince, lastAt: at, errors: [...state.errors, error].slice(-MAX_ERRORS) }
  if (at - failingSince >= policy.giveUpMs || (!retryable && attempts >= policy.maxRefusals)) return stay({ ...past, phase: 'failed' })
  const pauseMs = Math.min(policy.firstPauseMs * 2 ** Math.min(attempts - 1, 30), policy.maxPauseMs)
  // A quarter either way, so that many who lost the same peer do not come back together.
  return waitUntil({ ...past, phase: 'quiet' }, at + pauseMs * (0.75 + chance / 2))
}

/** No pause is longer. */
function longest ({ maxPauseMs, freshPauseMs }: DeliveryPolicy): number {
  return Math.max(maxPauseMs * 1.25, freshPauseMs)
}

function stay (state: TargetState): TargetStep {
  return { state, outputs: [] }
}

function waitUntil (state: TargetState, nextAt: number): TargetStep {
  return { state: { ...attemptsOf(state), phase: 'waiting', nextAt }, outputs: [{ type: 'wake', at: nextAt }] }
}

function attemptsOf ({ attempts, failingSince, lastAt, errors }: TargetState): Attempts {
  return { attempts, failingSince, lastAt, errors }
}
