import { playRole } from '../harness/role.ts'
import { createTexts } from './texts.ts'

let bodies: string[] = []

export const role = {
  /** Has the same messages in memory, in clear and in lower case. */
  begins ({ seed, count }: { seed: number, count: number }): void {
    const texts = createTexts(seed)
    bodies = Array.from({ length: count }, () => texts.message())
  },
  /** Returns how long it takes to look through all messages for each query, without ranking and without typing errors. */
  answers (queries: string[]): number[] {
    return queries.map(query => {
      const startedMs = performance.now()
      const words = query.split(' ')
      bodies.filter(body => words.every(word => body.includes(word)))
      return performance.now() - startedMs
    })
  },
  /** Counts the messages with whole words. */
  counts (query: string): number {
    const words = query.split(' ')
    return bodies.filter(body => {
      const has = new Set(body.split(' '))
      return words.every(word => has.has(word))
    }).length
  }
}

if (process.send !== undefined) playRole(role)
