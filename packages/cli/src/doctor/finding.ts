import type { Parley } from 'parley'
import type { CommandContext } from '../command.ts'

/** What one check found. A failure is something that does not work, a warning something that may not. */
export interface Finding {
  check: string
  standing: 'ok' | 'warning' | 'failure'
  words: string
  /** What to do about it. */
  remedy?: string
}

/** What a check works with; `parley` only where the identity could be opened. */
export interface Patient {
  context: CommandContext
  parley: Parley
  /** Nobody is contacted. */
  isOffline: boolean
}

/** One check of the list in `checks.ts`. */
export type Check = (patient: Patient) => Promise<Finding[]>

export const ok = (check: string, words: string): Finding => ({ check, standing: 'ok', words })
export const warning = (check: string, words: string, remedy: string): Finding => ({ check, standing: 'warning', words, remedy })
export const failure = (check: string, words: string, remedy: string): Finding => ({ check, standing: 'failure', words, remedy })
