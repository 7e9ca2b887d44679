import { bestReach } from './reach.ts'
import type { CallTimers } from './timers.ts'
import type { AcceptMode, CallEnd, LeaveReason, Reach, RejectReason, TerminalStatus, ToldReach } from './types.ts'

/** What a device or proxy of the callee has told us; `seq` is that of the newest signal that was taken into account. */
export interface Leg { seq: number, reach?: ToldReach, gone: boolean }

interface Offered {
  readonly legs: ReadonlyMap<string, Leg>
  /** When ringing ends; monotonic milliseconds. */
  readonly deadline: number
  /** When the callee is told to be unreachable unless somebody answered. */
  readonly silentUntil: number
  readonly reach: Reach | undefined
}

/** An answered call: with whom, and when we last heard of them. */
interface Answered extends Offered { readonly device: string, readonly heardAt: number, readonly aliveAt: number }

/** The caller's side of one call. */
export type OutgoingState =
  | { phase: 'offering' } & Offered
  /** A proxy, or a device that answers by machine, keeps what is said; devices may still ring. */
  | { phase: 'captured', ringing: boolean } & Answered
  | { phase: 'live' } & Answered
  | { phase: 'ended', end: CallEnd, farewell: LeaveReason }

type Active = Exclude<OutgoingState, { phase: 'ended' }>

/** Signals of the callee side; `seq` orders those of one device. */
export type OutgoingInput =
  | { type: 'told', device: string, seq: number, reach: ToldReach }
  | { type: 'accepted', device: string, seq: number, mode: AcceptMode, onBehalfOf?: string, at: number }
  | { type: 'rejected', device: string, seq: number, reason: RejectReason, detail?: string }
  | { type: 'left', device: string, seq: number, reason: LeaveReason, detail?: string }
  /** The device acknowledged that we are still there. */
  | { type: 'heard', device: string, at: number }
  | { type: 'leave', reason: 'hang-up' | 'failed', detail?: string }
  | { type: 'timer', at: number }

export type OutgoingOutput =
  | { type: 'reach', reach: Reach }
  | { type: 'accepted', device: string, mode: AcceptMode, onBehalfOf?: string }
  | { type: 'rejected', device: string, reason: RejectReason, detail?: string }
  | { type: 'ended', end: CallEnd }
  /** The offer need not be delivered to anybody any more. */
  | { type: 'stop-offer' }
  | { type: 'send-leave', devices: string[], reason: LeaveReason, detail?: string }
  | { type: 'send-alive', device: string }
  | { type: 'timer', at: number }

export interface OutgoingStep { state: OutgoingState, outputs: OutgoingOutput[] }

/** Begins to offer a call to the devices and proxies of a person. */
export function startOutgoing ({ devices, at }: { devices: readonly string[], at: number }, timers: CallTimers): OutgoingStep {
  if (devices.length === 0) return failedAtStart('no-devices')
  const silentUntil = at + Math.min(timers.reachTimeoutMs, timers.offerLifetimeMs)
  return {
    state: {
      phase: 'offering',
      legs: new Map(devices.map(device => [device, { seq: -1, gone: false }])),
      deadline: at + timers.offerLifetimeMs,
      silentUntil,
      reach: undefined
    },
    outputs: [{ type: 'timer', at: silentUntil }]
  }
}

/** A call that could not be offered at all. */
export function failedAtStart (reason: string, detail?: string): OutgoingStep {
  const end: CallEnd = { status: 'failed', reason, by: 'us', ...words(detail) }
  return { state: { phase: 'ended', end, farewell: 'failed' }, outputs: [{ type: 'ended', end }] }
}

/** Advances the caller's side. After the end, whoever still accepts is sent away and nothing else happens. */
export function stepOutgoing (state: OutgoingState, input: OutgoingInput, timers: CallTimers): OutgoingStep {
  if (state.phase === 'ended') {
    return { state, outputs: input.type === 'accepted' ? [{ type: 'send-leave', devices: [input.device], reason: state.farewell }] : [] }
  }
  switch (input.type) {
    case 'told': return onTold(state, input)
    case 'accepted': return onAccepted(state, input, timers)
    case 'rejected': return onRejected(state, input)
    case 'left': return onLeft(state, input)
    case 'heard':
      if (state.phase === 'offering' || state.device !== input.device) return same(state)
      return { state: { ...state, heardAt: Math.max(state.heardAt, input.at) }, outputs: [] }
    case 'leave': return onLeave(state, input)
    case 'timer': return onTimer(state, input.at, timers)
  }
}

function onTold (state: Active, { device, seq, reach }: Extract<OutgoingInput, { type: 'told' }>): OutgoingStep {
  if (isOld(state, device, seq)) return same(state)
  return tellReach(withLeg(state, device, { seq, reach, gone: false }))
}

function onAccepted (state: Active, input: Extract<OutgoingInput, { type: 'accepted' }>, timers: CallTimers): OutgoingStep {
  const { device, seq, mode, onBehalfOf, at } = input
  if (isOld(state, device, seq)) return same(state)
  const told = state.legs.get(device)?.reach
  const known = withLeg(state, device, { seq, reach: mode === 'live' ? 'live' : told ?? 'proxy-only', gone: false })
  const isSame = state.phase !== 'offering' && state.device === device
  const wins = state.phase === 'offering' || (state.phase === 'captured' && mode === 'live')
  if (!wins) return isSame ? { state: known, outputs: [] } : { state: withLeg(known, device, { seq, gone: true }), outputs: [leave([device], 'answered-elsewhere')] }
  const { state: reached, outputs } = tellReach(known)
  const { legs, deadline, silentUntil, reach } = reached
  const answered = { legs, deadline, silentUntil, reach, device, heardAt: at, aliveAt: at + timers.aliveIntervalMs }
  outputs.push({ type: 'accepted', device, mode, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) }, { type: 'timer', at: answered.aliveAt })
  if (mode === 'capture') return { state: { phase: 'captured', ringing: true, ...answered }, outputs }
  const keeper = state.phase === 'captured' && state.device !== device ? state.device : undefined
  if (keeper !== undefined) outputs.push(leave([keeper], 'taken-over'))
  outputs.push({ type: 'stop-offer' }, leave(others(reached, device, keeper), 'answered-elsewhere'))
  return { state: { phase: 'live', ...answered, legs: onlyLeg(legs, device) }, outputs: outputs.filter(isNeeded) }
}

function onRejected (state: Active, { device, seq, reason, detail }: Extract<OutgoingInput, { type: 'rejected' }>): OutgoingStep {
  if (isOld(state, device, seq)) return same(state)
  // Whoever has the call leaves it with `left`; from them this can only be confusion.
  if (isWith(state, device)) return same(state)
  const { state: rest, outputs } = tellReach(withLeg(state, device, { seq, gone: true }))
  outputs.push({ type: 'rejected', device, reason, ...words(detail) })
  const decided = reason === 'declined' || reason === 'busy' || (reason === 'blocked' && state.phase === 'offering')
  if (rest.phase === 'offering') {
    if (!decided && others(rest).length > 0) return { state: rest, outputs }
    const status = reason === 'busy' ? 'busy' : reason === 'unavailable' ? 'failed' : 'rejected'
    return end(rest, { status, reason, by: 'them', ...words(detail) }, 'rejected-elsewhere', outputs)
  }
  if (rest.phase !== 'captured' || !decided || !rest.ringing) return { state: rest, outputs }
  // They will not come, but what is being said is still kept for them.
  outputs.push({ type: 'stop-offer' }, leave(others(rest, rest.device), 'rejected-elsewhere'))
  return { state: { ...rest, ringing: false, legs: onlyLeg(rest.legs, rest.device) }, outputs: outputs.filter(isNeeded) }
}

function onLeft (state: Active, { device, seq, reason, detail }: Extract<OutgoingInput, { type: 'left' }>): OutgoingStep {
  if (isOld(state, device, seq)) return same(state)
  const { state: rest, outputs } = tellReach(withLeg(state, device, { seq, gone: true }))
  if (rest.phase !== 'offering' && rest.device === device) {
    const unkept = reason === 'failed' || reason === 'unknown-call' || (reason === 'lost' && rest.phase === 'live')
    const status = unkept ? 'failed' : rest.phase === 'captured' ? 'stored' : 'completed'
    return end(rest, { status, reason, by: 'them', ...words(detail) }, status === 'stored' ? 'stored' : 'hang-up', outputs)
  }
  if (rest.phase === 'offering' && others(rest).length === 0) return end(rest, { status: 'no-answer', reason, by: 'them', ...words(detail) }, 'no-answer', outputs)
  return { state: rest, outputs }
}

function onLeave (state: Active, { reason, detail }: Extract<OutgoingInput, { type: 'leave' }>): OutgoingStep {
  const usual = ({ offering: 'cancelled', captured: 'stored', live: 'completed' } as const)[state.phase]
  const status: TerminalStatus = reason === 'failed' ? 'failed' : usual
  const farewell: LeaveReason = status === 'completed' ? 'hang-up' : status
  return end(state, { status, reason: farewell, by: 'us', ...words(detail) }, farewell, [])
}

function onTimer (state: Active, at: number, timers: CallTimers): OutgoingStep {
  const outputs: OutgoingOutput[] = []
  let next: Active = state
  if (next.phase === 'offering' && at >= next.deadline) {
    const busy = next.reach === 'busy'
    return end(next, { status: busy ? 'busy' : 'no-answer', reason: busy ? 'busy' : 'no-answer', by: 'time' }, 'no-answer', outputs)
  }
  if (next.reach === undefined && at >= next.silentUntil) {
    next = { ...next, reach: 'unreachable' }
    outputs.push({ type: 'reach', reach: 'unreachable' })
  }
  if (next.phase === 'offering') return { state: next, outputs: [...outputs, { type: 'timer', at: next.reach === undefined ? next.silentUntil : next.deadline }] }
  if (at >= next.heardAt + timers.aliveTimeoutMs) return end(next, { status: 'failed', reason: 'lost', by: 'time' }, 'lost', outputs)
  if (next.phase === 'captured' && next.ringing && at >= next.deadline) {
    outputs.push({ type: 'stop-offer' }, leave(others(next, next.device), 'no-answer'))
    next = { ...next, ringing: false, legs: onlyLeg(next.legs, next.device) }
  }
  if (at >= next.aliveAt) {
    outputs.push({ type: 'send-alive', device: next.device })
    next = { ...next, aliveAt: at + timers.aliveIntervalMs }
  }
  const ringUntil = next.phase === 'captured' && next.ringing ? next.deadline : Infinity
  outputs.push({ type: 'timer', at: Math.min(next.aliveAt, ringUntil, next.heardAt + timers.aliveTimeoutMs) })
  return { state: next, outputs: outputs.filter(isNeeded) }
}

function end (state: Active, end: CallEnd, farewell: LeaveReason, outputs: OutgoingOutput[]): OutgoingStep {
  outputs.push({ type: 'stop-offer' }, leave(others(state), farewell, end.by === 'us' ? end.detail : undefined), { type: 'ended', end })
  return { state: { phase: 'ended', end, farewell: farewell === 'hang-up' ? 'answered-elsewhere' : farewell }, outputs: outputs.filter(isNeeded) }
}

/** Tells the best of what was told, when that has changed. */
function tellReach<State extends Active> (state: State): { state: State, outputs: OutgoingOutput[] } {
  const reach = bestReach([...state.legs.values()].flatMap(leg => leg.gone || leg.reach === undefined ? [] : [leg.reach]))
  // Nobody has said anything yet: silence is told by the timer.
  if (reach === state.reach || (reach === 'unreachable' && state.reach === undefined)) return { state, outputs: [] }
  return { state: { ...state, reach }, outputs: [{ type: 'reach', reach }] }
}

function withLeg<State extends Active> (state: State, device: string, leg: Leg): State {
  return { ...state, legs: new Map(state.legs).set(device, leg) }
}

/** Everybody else was sent away, and what they may still say is of the past. */
function onlyLeg (legs: Offered['legs'], device: string): Offered['legs'] {
  return new Map([...legs].map(([other, leg]) => [other, other === device ? leg : { ...leg, gone: true }]))
}

/** Signals of one device count in the order they were sent, and none after it has gone. */
function isOld (state: Active, device: string, seq: number): boolean {
  const leg = state.legs.get(device)
  return leg !== undefined && (leg.gone || seq <= leg.seq)
}

function isWith (state: Active, device: string): boolean {
  return state.phase !== 'offering' && state.device === device
}

function others (state: Active, ...except: Array<string | undefined>): string[] {
  return [...state.legs].flatMap(([device, leg]) => leg.gone || except.includes(device) ? [] : [device])
}

function leave (devices: string[], reason: LeaveReason, detail?: string): OutgoingOutput {
  return { type: 'send-leave', devices, reason, ...words(detail) }
}

function isNeeded (output: OutgoingOutput): boolean {
  return output.type !== 'send-leave' || output.devices.length > 0
}

function same (state: OutgoingState): OutgoingStep {
  return { state, outputs: [] }
}

function words (detail: string | undefined): { detail?: string } {
  return detail === undefined ? {} : { detail }
}
