import { createSimulator } from '../../packages/conversations/test/simulation/simulator.ts'
import { planOf } from '../../packages/conversations/test/simulation/simulate.ts'
import { report, shrink } from '../../packages/conversations/test/simulation/shrink.ts'
import { playRole } from '../harness/role.ts'

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
