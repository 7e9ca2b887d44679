import type { Outcome } from './simulate.ts'
import type { Plan } from './world.ts'

/** Worlds that are tried to find a smaller one. */
const MAX_TRIES = 150

/**
 * Looks for fewer steps that break in the same way: first none of the last
 * ones, then ever smaller groups of the others left out. Each step decides by
 * its own numbers, so what stays happens as it did, where it still can.
 */
export async function shrink (broken: Outcome, run: (plan: Plan) => Promise<Outcome>): Promise<Outcome> {
  let smallest = broken
  let tries = 0
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (tries++ >= MAX_TRIES) return false
    const outcome = await run(plan)
    const isSame = outcome.error !== undefined && kindOf(outcome.error) === kindOf(broken.error)
    if (isSame) smallest = outcome
    return isSame
  }
  let [least, most] = [0, broken.plan.steps]
  while (least < most) {
    const middle = (least + most) >> 1
    if (await attempt({ ...broken.plan, steps: middle })) most = middle
    else least = middle + 1
  }
  for (let size = Math.max(1, smallest.plan.steps >> 1); size >= 1; size >>= 1) {
    for (let from = 0; from < smallest.plan.steps; from += size) {
      const without = new Set(smallest.plan.without)
      const before = without.size
      for (let step = from; step < Math.min(from + size, smallest.plan.steps); step++) without.add(step)
      if (without.size > before) await attempt({ ...smallest.plan, without })
    }
  }
  return smallest
}

/** What is said of a failure without names and numbers in it. */
function kindOf (error: Error | undefined): string {
  return `${error?.name ?? ''} ${error?.message.split('\n')[0]?.replace(/[A-Z]\w+’s \w+|\b[a-z2-7]{6}\b|\d+|did:key:\w+/g, '…') ?? ''}`
}

/** Returns what to print of a world that broke. */
export function report ({ plan, trace, error }: Outcome): string {
  const left = Array.from({ length: plan.steps }, (_none, step) => step).filter(step => plan.without?.has(step) !== true)
  return [
    `seed ${plan.seed}: ${error?.message ?? 'nothing is wrong'}`,
    `alone: PARLEY_SEED=${plan.seed} node --conditions=parley-source node_modules/mocha/bin/mocha.js packages/conversations/test/simulation/simulation.spec.ts --exit`,
    `steps ${left.join(', ')} of ${plan.steps}:`,
    ...trace
  ].join('\n')
}
