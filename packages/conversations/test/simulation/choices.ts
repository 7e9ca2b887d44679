import { createSeededRandom, type RandomBytes } from '@parley/core'

/** Decisions that follow from numbers alone. */
export interface Choices {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number
  /** True in so many of a hundred cases. */
  percent(share: number): boolean
  between(least: number, most: number): number
  /** One of `list`; undefined where it is empty. */
  pick<T>(list: readonly T[]): T | undefined
  shuffle<T>(list: readonly T[]): T[]
  bytes: RandomBytes
}

/** Creates choices that are the same for the same numbers. */
export function createChoices (...numbers: number[]): Choices {
  const random = createSeededRandom(numbers.reduce((mixed, number) => Math.imul(mixed ^ (number + 0x9e3779b9), 0x85ebca6b) ^ (mixed >>> 13), 0x5f3759df))
  const below = (limit: number): number => {
    const [a = 0, b = 0, c = 0] = random(3)
    return limit < 1 ? 0 : (a * 65_536 + b * 256 + c) % limit
  }
  return {
    below,
    percent: share => below(100) < share,
    between: (least, most) => least + below(most - least + 1),
    pick: list => list[below(list.length)],
    shuffle (list) {
      const left = [...list]
      return list.map(() => left.splice(below(left.length), 1)).flat()
    },
    bytes: random
  }
}
