import { createSeededRandom } from '@parley/core'

/** Numbers that a seed decides, so that a failing run can be repeated. */
export interface Seeded {
  readonly seed: number
  /** A number from `least` to below `below`. */
  between(least: number, below: number): number
  chance(probability: number): boolean
}

/** Takes the seed from PARLEY_SEED, else a fresh one, and prints it. */
export function seeded (title: string): Seeded {
  const given = Number(process.env['PARLEY_SEED'])
  const seed = Number.isSafeInteger(given) && given > 0 ? given : crypto.getRandomValues(new Uint32Array(1))[0] ?? 1
  console.log(`      ${title}: PARLEY_SEED=${seed}`)
  const random = createSeededRandom(seed)
  const unit = (): number => new DataView(random(4).buffer).getUint32(0) / 2 ** 32
  return {
    seed,
    between: (least, below) => least + unit() * (below - least),
    chance: probability => unit() < probability
  }
}
