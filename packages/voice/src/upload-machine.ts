import type { CaptureState } from './capture-record.ts'
import { PASSING_REFUSALS, type Refusal } from './errors.ts'
import type { Trouble } from './keeper-machine.ts'

// The rules of one upload at its speaker: what to send when, and when to give up.

export interface UploadState {
  phase: 'connecting' | 'opening' | 'streaming' | 'ended'
  /** Segments in our journal. */
  journaled: number
  /** No more will come, and the manifest is there. */
  isFinished: boolean
  /** The next segment to send. */
  next: number
  isFinishSent: boolean
  /** Segments that the keeper has on its disk, from index 0. */
  acknowledged: number
  trouble: Trouble | undefined
  /** When the connection was lost, by a clock that never goes back. */
  brokenAt: number | undefined
  /** Attempts since something was acknowledged. */
  attempts: number
}

export type UploadInput =
  | { type: 'journaled', segments: number }
  | { type: 'finished', segments: number }
  | { type: 'connected' }
  /** `at` in milliseconds of a clock that never goes back, `jitter` from 0 to 1. */
  | { type: 'broken', at: number, jitter: number, detail: string }
  | { type: 'opened', next: number, state: CaptureState }
  | { type: 'ack', index: number }
  | { type: 'paused' } & Trouble
  | { type: 'resumed' }
  | { type: 'closed', state: CaptureState, segments: number, reason: string | null }
  | { type: 'refused', reason: Refusal, detail: string, at: number, jitter: number }

/** How an upload ended. */
export type UploadEnd =
  | { type: 'stored' }
  | { type: 'ended', segments: number, detail: string }
  | { type: 'refused', reason: Refusal, detail: string }
  | { type: 'unreachable', detail: string }

export type UploadOutput =
  | { type: 'connect', delayMs: number }
  | { type: 'open' }
  | { type: 'send', index: number }
  | { type: 'send-manifest' }
  | { type: 'hang-up' }
  | { type: 'acknowledged', from: number, to: number }
  | { type: 'paused' } & Trouble
  | { type: 'resumed' }
  | { type: 'broken', detail: string }
  | { type: 'end', end: UploadEnd }

export interface UploadLimits {
  graceMs: number
  /** Segments that may be sent and not acknowledged. */
  window: number
}

export interface UploadStep {
  state: UploadState
  outputs: UploadOutput[]
}

const FIRST_DELAY_MS = 250
const MOST_DELAY_MS = 4000

/** Begins an upload of what is journaled so far. */
export function startUpload ({ journaled, isFinished, at }: { journaled: number, isFinished: boolean, at: number }): UploadStep {
  return {
    state: { phase: 'connecting', journaled, isFinished, next: 0, isFinishSent: false, acknowledged: 0, trouble: undefined, brokenAt: at, attempts: 0 },
    outputs: [{ type: 'connect', delayMs: 0 }]
  }
}

/** Decides what follows from an input; changes neither argument. */
export function stepUpload (state: UploadState, input: UploadInput, limits: UploadLimits): UploadStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'journaled': return fill({ ...state, journaled: Math.max(state.journaled, input.segments) }, [], limits)
    case 'finished': return fill({ ...state, journaled: Math.max(state.journaled, input.segments), isFinished: true }, [], limits)
    case 'connected': return { state: { ...state, phase: 'opening' }, outputs: [{ type: 'open' }] }
    case 'broken': return broken(state, input, limits)
    case 'opened': return opened(state, input, limits)
    case 'ack': return fill(...acknowledge(state, input.index + 1), limits)
    case 'paused': return { state: { ...state, trouble: input }, outputs: state.trouble === undefined ? [{ type: 'paused', reason: input.reason, detail: input.detail }] : [] }
    case 'resumed': return { state: { ...state, trouble: undefined }, outputs: state.trouble === undefined ? [] : [{ type: 'resumed' }] }
    case 'closed': return closed(state, input)
    case 'refused': return refused(state, input, limits)
  }
}

function opened (state: UploadState, { next, state: kept }: Extract<UploadInput, { type: 'opened' }>, limits: UploadLimits): UploadStep {
  if (next > state.journaled) return ended(state, [], { type: 'refused', reason: 'invalid', detail: 'the keeper has segments that were not recorded here' })
  const [after, outputs] = acknowledge(state, next)
  if (kept !== 'recording') return over(after, outputs, next, 'it was closed while the connection was broken')
  return fill({ ...after, phase: 'streaming', next, isFinishSent: false, brokenAt: undefined }, outputs, limits)
}

function closed (state: UploadState, { segments, reason }: Extract<UploadInput, { type: 'closed' }>): UploadStep {
  const [after, outputs] = acknowledge(state, segments)
  return over(after, outputs, segments, reason ?? 'without giving a reason')
}

function over (state: UploadState, outputs: UploadOutput[], segments: number, detail: string): UploadStep {
  const isAll = state.isFinished && segments === state.journaled
  return ended(state, outputs, isAll ? { type: 'stored' } : { type: 'ended', segments, detail })
}

/** Takes note of what the keeper has; what it had before it cannot lose. */
function acknowledge (state: UploadState, count: number): [UploadState, UploadOutput[]] {
  const { acknowledged } = state
  if (count <= acknowledged || count > state.journaled) return [state, []]
  return [{ ...state, acknowledged: count, attempts: 0 }, [{ type: 'acknowledged', from: acknowledged, to: count }]]
}

/** Sends as much as the window has room for, and the manifest after the last segment. */
function fill (state: UploadState, outputs: UploadOutput[], { window }: UploadLimits): UploadStep {
  if (state.phase !== 'streaming') return { state, outputs }
  let { next, isFinishSent } = state
  const sends: UploadOutput[] = []
  for (; next < state.journaled && next - state.acknowledged < window; next++) sends.push({ type: 'send', index: next })
  if (state.isFinished && next === state.journaled && !isFinishSent) {
    sends.push({ type: 'send-manifest' })
    isFinishSent = true
  }
  return { state: { ...state, next, isFinishSent }, outputs: [...outputs, ...sends] }
}

function broken (state: UploadState, { at, jitter, detail }: { at: number, jitter: number, detail: string }, { graceMs }: UploadLimits): UploadStep {
  const since = state.brokenAt ?? at
  if (at - since >= graceMs) return ended(state, [], { type: 'unreachable', detail })
  const delayMs = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** state.attempts) * (0.5 + jitter / 2)
  const told: UploadOutput[] = state.brokenAt === undefined ? [{ type: 'broken', detail }] : []
  return {
    state: { ...state, phase: 'connecting', brokenAt: since, attempts: state.attempts + 1 },
    // The last attempt is made when the grace period ends, not after it.
    outputs: [{ type: 'hang-up' }, ...told, { type: 'connect', delayMs: Math.min(delayMs, since + graceMs - at) }]
  }
}

function refused (state: UploadState, input: Extract<UploadInput, { type: 'refused' }>, limits: UploadLimits): UploadStep {
  if (PASSING_REFUSALS.includes(input.reason)) return broken(state, input, limits)
  return ended(state, [], { type: 'refused', reason: input.reason, detail: input.detail })
}

function ended (state: UploadState, outputs: UploadOutput[], end: UploadEnd): UploadStep {
  return { state: { ...state, phase: 'ended' }, outputs: [...outputs, { type: 'hang-up' }, { type: 'end', end }] }
}
