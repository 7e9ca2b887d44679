import type { CallTimers } from './timers.ts'
import type { AcceptMode, CallEnd, LeaveReason, RejectReason, TerminalStatus, ToldReach } from './types.ts'

/** The callee's side of one offer, on one device. Times are monotonic milliseconds. */
export type IncomingState =
  | { phase: 'ringing', deadline: number, told?: ToldReach }
  | { phase: 'accepted', mode: AcceptMode, confirmed: boolean, heardAt: number }
  | { phase: 'ended', end: CallEnd }

export type IncomingInput =
  | { type: 'timer', at: number }
  /** The app says how reachable the person is here. */
  | { type: 'reach', reach: ToldReach }
  | { type: 'accept', mode: AcceptMode, at: number }
  | { type: 'reject', reason: RejectReason, detail?: string }
  | { type: 'leave', reason: 'hang-up' | 'stored' | 'failed' | 'unavailable', detail?: string }
  /** The caller left or withdrew. */
  | { type: 'left', reason: LeaveReason, detail?: string }
  /** The caller said that it is still there. */
  | { type: 'heard', at: number }
  /** The caller acknowledged our acceptance. */
  | { type: 'confirmed', at: number }
  /** Our acceptance expired without an acknowledgement. */
  | { type: 'undelivered' }

export type IncomingOutput =
  | { type: 'send-reach', reach: ToldReach }
  | { type: 'send-accept', mode: AcceptMode }
  | { type: 'send-reject', reason: RejectReason, detail?: string }
  | { type: 'send-leave', reason: LeaveReason, detail?: string }
  | { type: 'confirmed', mode: AcceptMode }
  | { type: 'ended', end: CallEnd }
  | { type: 'timer', at: number }

export interface IncomingStep { state: IncomingState, outputs: IncomingOutput[] }

/** Begins to ring until `deadline`. */
export function startIncoming ({ deadline }: { deadline: number }): IncomingStep {
  return { state: { phase: 'ringing', deadline }, outputs: [{ type: 'timer', at: deadline }] }
}

/** Advances the callee's side. After the end nothing changes: the terminal event is the last output. */
export function stepIncoming (state: IncomingState, input: IncomingInput, timers: CallTimers): IncomingStep {
  switch (state.phase) {
    case 'ringing': return stepRinging(state, input, timers)
    case 'accepted': return stepAccepted(state, input, timers)
    case 'ended': return { state, outputs: [] }
  }
}

function stepRinging (state: Extract<IncomingState, { phase: 'ringing' }>, input: IncomingInput, timers: CallTimers): IncomingStep {
  switch (input.type) {
    case 'timer':
      if (input.at >= state.deadline) return end('no-answer', 'no-answer', 'time')
      return { state, outputs: [{ type: 'timer', at: state.deadline }] }
    case 'reach':
      if (state.told === input.reach) return { state, outputs: [] }
      return { state: { ...state, told: input.reach }, outputs: [{ type: 'send-reach', reach: input.reach }] }
    case 'accept':
      // A timer that fires late must not let an offer be taken after its time.
      if (input.at >= state.deadline) return end('no-answer', 'no-answer', 'time')
      return {
        state: { phase: 'accepted', mode: input.mode, confirmed: false, heardAt: input.at },
        outputs: [{ type: 'send-accept', mode: input.mode }, { type: 'timer', at: input.at + timers.aliveTimeoutMs }]
      }
    case 'reject':
      return end(input.reason === 'busy' ? 'busy' : 'rejected', input.reason, 'us', input.detail, [{ type: 'send-reject', reason: input.reason, ...words(input.detail) }])
    case 'leave':
      return end('cancelled', 'unavailable', 'us', input.detail, [{ type: 'send-leave', reason: 'unavailable', ...words(input.detail) }])
    case 'left':
      return end(statusAfter(input.reason, undefined), input.reason, 'them', input.detail)
    case 'heard':
    case 'confirmed':
    case 'undelivered':
      return { state, outputs: [] }
  }
}

function stepAccepted (state: Extract<IncomingState, { phase: 'accepted' }>, input: IncomingInput, timers: CallTimers): IncomingStep {
  switch (input.type) {
    case 'timer': {
      const lostAt = state.heardAt + timers.aliveTimeoutMs
      if (input.at < lostAt) return { state, outputs: [{ type: 'timer', at: lostAt }] }
      return end(statusAfter('lost', state), 'lost', 'time', undefined, [{ type: 'send-leave', reason: 'lost' }])
    }
    case 'heard':
    case 'confirmed':
      // The caller gives signs of life only to whom it has accepted from.
      return {
        state: { ...state, confirmed: true, heardAt: Math.max(state.heardAt, input.at) },
        outputs: state.confirmed ? [] : [{ type: 'confirmed', mode: state.mode }]
      }
    case 'undelivered':
      // Without the caller's word that it knows, nothing was spoken to us.
      return state.confirmed ? { state, outputs: [] } : end('failed', 'lost', 'time', undefined, [{ type: 'send-leave', reason: 'lost' }])
    case 'reject':
    case 'leave': {
      const reason = leaveReason(input, state.mode)
      const status = reason === 'failed' ? 'failed' : state.mode === 'capture' ? 'stored' : 'completed'
      return end(status, reason, 'us', input.detail, [{ type: 'send-leave', reason, ...words(input.detail) }])
    }
    case 'left':
      return end(statusAfter(input.reason, state), input.reason, 'them', input.detail)
    case 'accept':
    case 'reach':
      return { state, outputs: [] }
  }
}

function leaveReason (input: { type: 'reject' } | { type: 'leave', reason: 'hang-up' | 'stored' | 'failed' | 'unavailable' }, mode: AcceptMode): 'hang-up' | 'stored' | 'failed' {
  if (input.type === 'leave' && input.reason === 'failed') return 'failed'
  return mode === 'capture' ? 'stored' : 'hang-up'
}

/** What a call has become for us when the caller gives this reason. */
function statusAfter (reason: LeaveReason, accepted: { mode: AcceptMode, confirmed: boolean } | undefined): TerminalStatus {
  switch (reason) {
    case 'cancelled':
    case 'answered-elsewhere':
    case 'rejected-elsewhere':
    case 'unavailable': return 'cancelled'
    case 'no-answer': return 'no-answer'
    case 'stored': return 'stored'
    case 'taken-over': return 'completed'
    case 'failed': return 'failed'
    case 'hang-up': return accepted === undefined ? 'cancelled' : accepted.mode === 'capture' ? 'stored' : 'completed'
    // What a capture has by then is kept, whatever became of the caller.
    case 'lost':
    case 'unknown-call': return accepted?.mode === 'capture' && accepted.confirmed ? 'stored' : 'failed'
  }
}

function end (status: TerminalStatus, reason: string, by: CallEnd['by'], detail?: string, before: IncomingOutput[] = []): IncomingStep {
  const end: CallEnd = { status, reason, by, ...words(detail) }
  return { state: { phase: 'ended', end }, outputs: [...before, { type: 'ended', end }] }
}

function words (detail: string | undefined): { detail?: string } {
  return detail === undefined ? {} : { detail }
}
