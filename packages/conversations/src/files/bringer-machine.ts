import { ProtocolViolationError, refusalOf } from '../sync/errors.ts'
import type { FileFrame, OfferFrame } from './frames.ts'
import { FILE_PROTOCOL, PROGRESS_TIMEOUT_MS, WINDOW_BLOCKS } from './limits.ts'

/** The bringer's side of one stream. */
export interface BringerState {
  readonly phase: 'idle' | 'offering' | 'sending' | 'ended'
  /** Blocks of the whole file. */
  readonly blocks: number
  readonly sent: number
  /** Blocks that the holder has on its disk. */
  readonly acknowledged: number
  /** A block is being read. */
  readonly isReading: boolean
}

export type BringerInput =
  | { type: 'start', offer: OfferFrame }
  | { type: 'frame', frame: FileFrame }
  /** The block that was asked for. */
  | { type: 'read', bytes: Uint8Array<ArrayBuffer> }
  | { type: 'closed' }

export type BringerOutput =
  | { type: 'send', frame: FileFrame }
  /** Read blocks from here on: answer each `pull` with `read`. */
  | { type: 'begin', have: number }
  | { type: 'pull' }
  | { type: 'progress', acknowledged: number }
  | { type: 'end' }
  | { type: 'fail', error: Error }
  | { type: 'refused', error: Error }
  | { type: 'interrupted' }

export interface BringerStep { state: BringerState, outputs: BringerOutput[] }

export function createBringerState (blocks: number): BringerState {
  return { phase: 'idle', blocks, sent: 0, acknowledged: 0, isReading: false }
}

/** Tells how long the bringer waits for the holder, in milliseconds; undefined when it is its own turn. */
export function bringerPatienceMs ({ phase, sent, acknowledged, blocks, isReading }: BringerState): number | undefined {
  if (phase === 'offering') return PROGRESS_TIMEOUT_MS
  return phase === 'sending' && !isReading && (sent > acknowledged || sent === blocks) ? PROGRESS_TIMEOUT_MS : undefined
}

/** Decides what a bringer does next; changes neither argument. */
export function stepBringer (state: BringerState, input: BringerInput): BringerStep {
  if (state.phase === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'start': return { state: { ...state, phase: 'offering' }, outputs: [{ type: 'send', frame: input.offer }] }
    case 'frame': return onFrame(state, input.frame)
    case 'read': return pull({ ...state, isReading: false, sent: state.sent + 1 }, [{ type: 'send', frame: { v: 1, type: 'block', bytes: input.bytes } }])
    case 'closed': return over(state, { type: 'interrupted' })
  }
}

function onFrame (state: BringerState, frame: FileFrame): BringerStep {
  switch (frame.type) {
    case 'refuse': return over(state, { type: 'refused', error: refusalOf(frame) })
    case 'opened':
      if (state.phase !== 'offering') return violated(state, 'it opened twice')
      if (frame.have > state.blocks) return violated(state, 'it has more blocks than there are')
      return pull({ ...state, phase: 'sending', sent: frame.have, acknowledged: frame.have }, [{ type: 'begin', have: frame.have }, { type: 'progress', acknowledged: frame.have }])
    case 'ack': return onAck(state, frame.have)
    case 'offer':
    case 'block': return violated(state, `a ${frame.type} frame is the bringer's to send`)
  }
}

function onAck (state: BringerState, have: number): BringerStep {
  if (state.phase !== 'sending') return violated(state, 'it acknowledged before it opened')
  // The same count twice only says that all is there.
  if (have > state.sent || have < state.acknowledged || (have === state.acknowledged && have < state.blocks)) return violated(state, `it acknowledged ${have} blocks where ${state.sent} were sent and ${state.acknowledged} acknowledged`)
  const next = { ...state, acknowledged: have }
  const progress: BringerOutput = { type: 'progress', acknowledged: have }
  if (have === state.blocks) return { state: { ...next, phase: 'ended' }, outputs: [progress, { type: 'end' }] }
  return pull(next, [progress])
}

function pull (state: BringerState, outputs: BringerOutput[]): BringerStep {
  if (state.isReading || state.sent === state.blocks || state.sent - state.acknowledged >= WINDOW_BLOCKS) return { state, outputs }
  return { state: { ...state, isReading: true }, outputs: [...outputs, { type: 'pull' }] }
}

function violated (state: BringerState, reason: string): BringerStep {
  return over(state, { type: 'fail', error: new ProtocolViolationError(FILE_PROTOCOL, reason) })
}

function over (state: BringerState, output: BringerOutput): BringerStep {
  return { state: { ...state, phase: 'ended' }, outputs: [output] }
}
