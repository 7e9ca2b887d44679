import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from './seeds-role.ts'

/** How far a run is; written after each batch, so that one that was stopped goes on there. */
export interface Progress {
  from: number
  seeds: number
  /** First seeds of the batches that are done. */
  done: number[]
  /** Milliseconds of the machine's clock, all runs together. */
  tookMs: number
  actions: number
  steps: number
  counts: Record<string, number>
  failures: Array<{ seed: number, what: string }>
}

export interface ProgressFile {
  readonly progress: Progress
  add(first: number, batch: Batch, tookMs: number): void
}

/** Opens what is known of a run, or begins it anew where the file is of another one. */
export function openProgress (folder: string, { from, seeds }: { from: number, seeds: number }): ProgressFile {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'progress.json')
  const progress = read(file, from, seeds) ?? { from, seeds, done: [], tookMs: 0, actions: 0, steps: 0, counts: {}, failures: [] }
  return {
    progress,
    add (first, { actions, steps, counts, failures }, tookMs) {
      progress.done.push(first)
      progress.tookMs += tookMs
      progress.actions += actions
      progress.steps += steps
      for (const [what, times] of counts) progress.counts[what] = (progress.counts[what] ?? 0) + times
      for (const { seed, what, report } of failures) {
        progress.failures.push({ seed, what })
        writeFileSync(join(folder, `seed-${seed}.txt`), report)
      }
      writeFileSync(`${file}.new`, JSON.stringify(progress))
      renameSync(`${file}.new`, file)
    }
  }
}

function read (file: string, from: number, seeds: number): Progress | undefined {
  try {
    const progress = JSON.parse(readFileSync(file, 'utf8')) as Progress
    return progress.from === from && progress.seeds === seeds ? progress : undefined
  } catch {
    return undefined
  }
}
