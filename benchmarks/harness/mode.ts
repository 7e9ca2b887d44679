import { parseArgs } from 'node:util'

/** How a benchmark is run. */
export interface Mode {
  /** Our side alone, small: does it run and is the outcome right? */
  short: boolean
  /** Rounds, in which every side has one turn. */
  rounds: number
  /** Leaves out what does not contain this word. */
  only: string | undefined
}

/** Reads `--short`, `--rounds N` and `--only WORD`. */
export function readMode ({ rounds }: { rounds: number }): Mode {
  const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, rounds: { type: 'string' }, only: { type: 'string' } } })
  return { short: values.short, rounds: Number(values.rounds ?? (values.short ? 1 : rounds)), only: values.only }
}
