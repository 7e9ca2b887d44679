import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { DEED_NAMES } from './evil.ts'
import { MOVES } from './moves.ts'
import { createSimulator, type Simulator } from './simulator.ts'
import { report, shrink } from './shrink.ts'
import { planOf } from './simulate.ts'

/** Run at each `npm test`; more are run by `benchmarks/simulation`. */
const SEEDS = 2400
const ATTEMPTS = 200
/** Seeds that broke something once. */
const regressions = JSON.parse(readFileSync(new URL('regressions.json', import.meta.url), 'utf8')) as number[]
const EVERYTHING = [...MOVES.map(({ name }) => name), ...DEED_NAMES.map(name => `evil: ${name}`), 'jumble', 'partition', 'killed', 'power-cut', 'device revoked', 'sync done', 'sync SyncInterruptedError']
const alone = process.env['PARLEY_SEED']

describe('replicas that lose, crash, part and are lied to', () => {
  let simulator: Simulator
  const counts = new Map<string, number>()
  before(async () => { simulator = await createSimulator() })
  after(() => { simulator.stop() })

  const check = async (seed: number): Promise<void> => {
    const outcome = await simulator.run(planOf(seed))
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
    if (outcome.error === undefined) return
    const smallest = await shrink(outcome, async plan => await simulator.run(plan))
    expect.fail(report(smallest))
  }

  if (alone !== undefined) {
    it(`agree in the end: seed ${alone}`, async function () {
      this.timeout(600_000)
      await check(Number(alone))
    })
    return
  }

  it('agree in the end where they once did not', async function () {
    this.timeout(600_000)
    for (const seed of regressions) await check(seed)
  })

  for (let from = 1; from <= SEEDS; from += ATTEMPTS) {
    it(`agree in the end: seeds ${from} to ${from + ATTEMPTS - 1}`, async function () {
      this.timeout(600_000)
      for (let seed = from; seed < from + ATTEMPTS; seed++) await check(seed)
    })
  }

  it('have been through everything that there is', () => {
    const never = EVERYTHING.filter(what => !counts.has(what))
    expect(never).to.deep.equal([])
  })
})
