import { createSeededRandom } from '@parley/core'
import { createCast } from './cast.ts'
import { installFastCrypto } from './fast-crypto.ts'
import { simulate, type Outcome } from './simulate.ts'
import type { Plan } from './world.ts'

/** Runs worlds in this process, one after the other. */
export interface Simulator {
  run(plan: Plan): Promise<Outcome>
  /** Gives the process its own cryptography back. */
  stop(): void
}

/** Creates a simulator; until it is stopped the process has no random keys. */
export async function createSimulator (): Promise<Simulator> {
  let random = createSeededRandom(0)
  const stop = installFastCrypto(() => random)
  const cast = await createCast()
  return {
    async run (plan) {
      random = createSeededRandom(plan.seed)
      return await simulate(cast, plan)
    },
    stop
  }
}
