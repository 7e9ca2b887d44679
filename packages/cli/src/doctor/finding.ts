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

/** How far another machine's clock is ahead of ours, as the card that it just signed says. */
export interface ClockOffset { who: string, offsetMs: number }

/** What a check of an open device works with. */
export interface Patient {
  context: CommandContext
  parley: Parley
  /** Nobody is contacted. */
  isOffline: boolean
  /** Aborts when the time for looking is over, or the user asks to stop. */
  signal: AbortSignal
  /** Clocks that were seen by the checks so far. */
  offsets: ClockOffset[]
}

/** One check of a list in `checks.ts`. */
export type Check = (patient: Patient) => Promise<Finding[]>

/** A check of the machine alone: it says something also where the device cannot be opened. */
export type MachineCheck = (context: CommandContext) => Promise<Finding[]>

export const ok = (check: string, words: string): Finding => ({ check, standing: 'ok', words })
export const warning = (check: string, words: string, remedy: string): Finding => ({ check, standing: 'warning', words, remedy })
export const failure = (check: string, words: string, remedy: string): Finding => ({ check, standing: 'failure', words, remedy })
