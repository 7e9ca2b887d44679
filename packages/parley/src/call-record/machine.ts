/**
 * How a call ended, as whoever keeps or speaks it saw it; a call has exactly
 * one of these. `kept`: it is on the caller's device and goes out later.
 */
export type CallEnd = 'stored' | 'kept' | 'cancelled' | 'no-answer' | 'failed'

/** What is known of one call. */
export type CallState =
  | { status: 'offered' }
  | { status: 'capturing', segments: number }
  | { status: 'ended', end: CallEnd, segments: number, cutOff: boolean, reason?: string | undefined }

export type CallInput =
  /** Something of the message is on the disk. */
  | { type: 'kept', segments: number }
  /** The message is closed; nothing more will be kept. */
  | { type: 'closed', segments: number, cutOff: boolean, reason?: string | undefined }
  /** The offer is over: the caller left, or it expired. */
  | { type: 'offer-ended', by: 'caller' | 'expiry' }
  /** The process was started again and knows of nothing that could go on. */
  | { type: 'orphaned', reason: string }
  /** The caller found nobody who could take it; what was said is on the caller's device. */
  | { type: 'given-up', segments: number, cutOff: boolean, reason: string }

export type CallOutput = { type: 'capturing' } | { type: 'ended', end: CallEnd }

export interface CallStep {
  state: CallState
  outputs: CallOutput[]
}

/**
 * Decides what an input does to a call. Whatever is repeated or comes late
 * changes nothing: an `ended` output appears once in the life of a call.
 */
export function stepCall (state: CallState, input: CallInput): CallStep {
  if (state.status === 'ended') return { state, outputs: [] }
  switch (input.type) {
    case 'kept':
      if (state.status === 'offered') return { state: { status: 'capturing', segments: input.segments }, outputs: [{ type: 'capturing' }] }
      return { state: { status: 'capturing', segments: Math.max(state.segments, input.segments) }, outputs: [] }
    case 'closed':
      return input.segments === 0
        ? end('failed', 0, true, input.reason)
        : end('stored', input.segments, input.cutOff, input.reason)
    case 'offer-ended':
      // What is being captured ends with its own word, not with the signal's.
      if (state.status === 'capturing') return { state, outputs: [] }
      return input.by === 'caller' ? end('cancelled', 0, false) : end('no-answer', 0, false)
    case 'orphaned':
      return state.status === 'capturing'
        ? end('stored', state.segments, true, input.reason)
        : end('failed', 0, true, input.reason)
    case 'given-up':
      return input.segments === 0
        ? end('failed', 0, input.cutOff, input.reason)
        : end('kept', input.segments, input.cutOff, input.reason)
  }
}

function end (end: CallEnd, segments: number, cutOff: boolean, reason?: string): CallStep {
  return { state: { status: 'ended', end, segments, cutOff, ...(reason === undefined ? {} : { reason }) }, outputs: [{ type: 'ended', end }] }
}
