import { InvalidBytesError } from '@parley/core'

/** What one end may have on its way and unread at the other, in bytes of cost. */
export const CREDIT_WINDOW = 1024 * 1024

/** Added to each frame's size, so that many empty frames cannot fill a memory. */
const FRAME_OVERHEAD_BYTES = 32

/** Credit is returned in portions: a record for each frame would double the traffic. */
const GRANT_BYTES = CREDIT_WINDOW / 4

/** The accounts of one end of a stream. */
export interface CreditState {
  /** What we may still send; a frame may begin while it is above zero, and overdraws it by at most its own cost. */
  readonly sendable: number
  /** What the other end may still send. */
  readonly receivable: number
  /** What the reader took and the other end was not told of yet. */
  readonly taken: number
}

export type CreditInput =
  | { type: 'sent', frameBytes: number }
  | { type: 'granted', sizeBytes: number }
  | { type: 'arrived', frameBytes: number }
  | { type: 'taken', frameBytes: number }

export interface CreditStep {
  state: CreditState
  /** Credit to tell the other end of; 0 for none. */
  grantBytes: number
}

/** Both ends start with a full window: the first frames need no round trip. */
export const initialCredit: CreditState = { sendable: CREDIT_WINDOW, receivable: CREDIT_WINDOW, taken: 0 }

/**
 * Keeps the accounts of a stream.
 *
 * @throws {InvalidBytesError} the other end sent without credit, or gave more than the window
 */
export function stepCredit (state: CreditState, input: CreditInput): CreditStep {
  switch (input.type) {
    case 'sent':
      return { state: { ...state, sendable: state.sendable - costOf(input.frameBytes) }, grantBytes: 0 }
    case 'granted': {
      const sendable = state.sendable + input.sizeBytes
      if (input.sizeBytes === 0 || sendable > CREDIT_WINDOW) throw new InvalidBytesError('frame', 'its credit goes past the window')
      return { state: { ...state, sendable }, grantBytes: 0 }
    }
    case 'arrived':
      if (state.receivable <= 0) throw new InvalidBytesError('frame', 'it was sent without credit')
      return { state: { ...state, receivable: state.receivable - costOf(input.frameBytes) }, grantBytes: 0 }
    case 'taken': {
      const taken = state.taken + costOf(input.frameBytes)
      if (taken < GRANT_BYTES) return { state: { ...state, taken }, grantBytes: 0 }
      return { state: { ...state, receivable: state.receivable + taken, taken: 0 }, grantBytes: taken }
    }
  }
}

/** What a frame of this size costs. */
export function costOf (frameBytes: number): number {
  return frameBytes + FRAME_OVERHEAD_BYTES
}
