import type * as Shrink from '../../packages/conversations/test/simulation/shrink.ts'
import type * as Simulate from '../../packages/conversations/test/simulation/simulate.ts'
import type * as Simulators from '../../packages/conversations/test/simulation/simulator.ts'
import { playRole } from '../harness/role.ts'

// Tests are not compiled to where their package's sources are, so they are loaded as they stand.
const load = async (file: string): Promise<unknown> => await import(new URL(`../../packages/conversations/test/simulation/${file}`, import.meta.url).href)
const { createSimulator } = await load('simulator.ts') as typeof Simulators
const { planOf } = await load('simulate.ts') as typeof Simulate
const { report, shrink } = await load('shrink.ts') as typeof Shrink

const simulator = createSimulator()

/** What became of some seeds. */
export interface Batch {
  actions: number
  steps: number
  counts: Array<[string, number]>
  failures: Array<{ seed: number, what: string, report: string }>
}

export const role = {
  /** Runs seeds, from one on; shrinks what breaks. */
  async runs (from: number, count: number): Promise<Batch> {
    const { run } = await simulator
    const batch: Batch = { actions: 0, steps: 0, counts: [], failures: [] }
    const counts = new Map<string, number>()
    for (let seed = from; seed < from + count; seed++) {
      const outcome = await run(planOf(seed))
      batch.actions += outcome.actions
      batch.steps += outcome.plan.steps
      for (const [what, times] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + times)
      if (outcome.error !== undefined) batch.failures.push({ seed, what: outcome.error.message.split('\n')[0] ?? '', report: report(await shrink(outcome, run)) })
    }
    batch.counts = [...counts]
    return batch
  }
}

playRole(role)
