import type { ParsedAction } from '../format/parse-action.ts'

/** An action that asks to be merged. */
export interface Candidate {
  readonly action: ParsedAction
  /** SHA-256 of its bytes. */
  readonly hash: Uint8Array
  /** Its place among the blocks given, or -1 when it was held back before. */
  readonly position: number
  /** Set on what is held back: its signature was checked before. */
  readonly isHeld?: boolean
}
